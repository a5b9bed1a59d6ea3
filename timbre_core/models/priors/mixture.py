"""A mixture of Gaussians whose weights, means and variances are learned with the model."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from timbre_core.errors import TimbreError
from timbre_core.models.contracts import Prior, PriorSettings
from timbre_core.models.network import torch

_DRAWS = 16  # per posterior, where a Monte-Carlo KL is not given its latents
_ROUNDS = 50  # of expectation and maximisation
_FEWEST = 1e-3  # posteriors that a component must have to be moved


class MixturePriorSettings(PriorSettings):
    """`components` is how many Gaussians there are."""

    kind: Literal["mixture"] = "mixture"
    components: Annotated[int, Field(ge=1, le=1024)] = 10

    def build(self, latent_dim: int) -> MixturePrior:
        return MixturePrior(self, latent_dim)


class MixturePrior(Prior):
    """p(z) = sum over k of w_k N(m_k, diag(v_k)): weights, means and variances are parameters, trained with the model."""

    def __init__(self, settings: MixturePriorSettings, latent_dim: int) -> None:
        super().__init__()
        # Apart from each other, or all components would learn the same.
        self.means = torch.nn.Parameter(torch.randn(settings.components, latent_dim))
        self.logvars = torch.nn.Parameter(torch.zeros(settings.components, latent_dim))
        self.logits = torch.nn.Parameter(torch.zeros(settings.components))

    def kl(self, mu: torch.Tensor, logvar: torch.Tensor, z: torch.Tensor | None = None) -> torch.Tensor:
        """A Monte-Carlo estimate of KL(N(mu, exp(logvar)) || p), in nats, of the shape of `mu` (batch, latent_dim).

        Args:
            z: the posterior's draws that it is estimated from (batch, latent_dim); none takes the mean over a few draws of
                its own, the same ones for the same shape.

        A mixture's KL has no closed form (Hershey and Olsen, "Approximating the Kullback Leibler divergence between Gaussian
        mixture models", 2007). Unbiased: the KL to the component k that is likeliest at mu is exact, and
        log(p(z) / N_k(z)) is what the draws estimate. So it is exact where all components coincide, and nearly so where
        they are far apart. p(z) is a product of p(z_d | z_1 ... z_{d-1}), which gives each dimension its part: the parts
        add up to the KL.
        """
        if z is not None:
            return self._kl(mu, logvar, z)
        generator = torch.Generator().manual_seed(0)
        deviation = (0.5 * logvar).exp()
        draws = (torch.randn(mu.shape, generator=generator).to(mu) for _ in range(_DRAWS))
        return torch.stack([self._kl(mu, logvar, mu + deviation * noise) for noise in draws]).mean(dim=0)

    def fit(self, mu: torch.Tensor, logvar: torch.Tensor, seed: int = 0) -> None:
        """Move the components to where posteriors N(mu, exp(logvar)) lie, both (n, latent_dim): what minimises their mean KL.

        Without it the component that is nearest to the first latents of a training wins them all, and the others are left where
        no latent ever comes. Expectation and maximisation, begun as k-means++ does (Arthur and Vassilvitskii, 2007); a
        posterior's own variance counts, so that no component becomes narrower than what it stands for. The same seed
        gives the same fit. Raises TimbreError when there are fewer posteriors than components.
        """
        if len(mu) < len(self.means):
            raise TimbreError(
                f"model.prior.components {len(self.means)} is more than the {len(mu)} windows to fit them to: choose fewer."
            )
        with torch.no_grad():
            self._moved_to(mu, logvar, seed)

    def _moved_to(self, mu: torch.Tensor, logvar: torch.Tensor, seed: int) -> None:
        """As `fit`, of enough posteriors."""
        device, (mu, logvar) = self.means.device, (values.double().cpu() for values in (mu, logvar))
        squares = mu.square() + logvar.exp()  # the second moments of z
        means = _spread_points(mu, len(self.means), torch.Generator().manual_seed(seed))
        nearest = torch.cdist(mu, means).argmin(dim=1)
        variances = ((mu - means[nearest]).square().mean(dim=0) + logvar.exp().mean(dim=0)).expand_as(means).clone()
        weights = torch.bincount(nearest, minlength=len(means)) / len(mu)
        for _ in range(_ROUNDS):
            precision = 1 / variances
            likelihoods = -0.5 * (
                squares @ precision.T
                - 2 * mu @ (means * precision).T
                + (means.square() * precision + variances.log()).sum(dim=1)
            )
            shares = (likelihoods + weights.log()).softmax(dim=1)
            total = shares.sum(dim=0)
            moved, per = total > _FEWEST, total.clamp_min(_FEWEST)[:, None]
            means[moved] = (shares.T @ mu / per)[moved]
            variances[moved] = (shares.T @ squares / per - means.square())[moved]
            weights = per[:, 0] / per.sum()
        for parameter, values in ((self.means, means), (self.logvars, variances.log()), (self.logits, weights.log())):
            parameter.copy_(values.to(device))

    def sample(self, count: int, generator: torch.Generator | None = None) -> torch.Tensor:
        """(count, latent_dim) draws on the CPU."""
        with torch.no_grad():
            weights, means, deviations = (
                values.float().cpu() for values in (self.logits.softmax(dim=0), self.means, (0.5 * self.logvars).exp())
            )
            chosen = torch.multinomial(weights, count, replacement=True, generator=generator)
            return means[chosen] + deviations[chosen] * torch.randn(count, means.shape[1], generator=generator)

    def _kl(self, mu: torch.Tensor, logvar: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        log_weights = self.logits.log_softmax(dim=0)
        nearest = (self._log_components(mu).sum(dim=-1) + log_weights).argmax(dim=-1)
        to_nearest = _gaussian_kl(mu, logvar, self.means[nearest], self.logvars[nearest])
        each = self._log_components(z)
        upto = (each.cumsum(dim=-1) + log_weights[:, None]).logsumexp(dim=1)
        mixture = torch.diff(upto, dim=-1, prepend=torch.zeros_like(upto[:, :1]))
        return to_nearest - (mixture - each[torch.arange(len(z), device=z.device), nearest])

    def _log_components(self, z: torch.Tensor) -> torch.Tensor:
        """log N(z_d; m_kd, v_kd) of every component and dimension: (batch, components, latent_dim)."""
        squares = (z[:, None] - self.means).square() * torch.exp(-self.logvars)
        return -0.5 * (squares + self.logvars + math.log(2 * math.pi))


def _spread_points(points: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    """`count` of the points (n, dims), each drawn in proportion to its squared distance from those before it."""
    chosen = [int(torch.randint(len(points), (1,), generator=generator))]
    nearest = torch.full((len(points),), math.inf, dtype=points.dtype)
    for _ in range(count - 1):
        nearest = torch.minimum(nearest, (points - points[chosen[-1]]).square().sum(dim=1))
        chosen.append(int(torch.multinomial(nearest + 1e-12, 1, generator=generator)))
    return points[chosen].clone()


def _gaussian_kl(
    mu: torch.Tensor, logvar: torch.Tensor, mean: torch.Tensor, prior_logvar: torch.Tensor
) -> torch.Tensor:
    """KL(N(mu, exp(logvar)) || N(mean, exp(prior_logvar))), element by element."""
    squares = ((mu - mean).square() + logvar.exp()) * torch.exp(-prior_logvar)
    return 0.5 * (squares - 1.0 - logvar + prior_logvar)
