"""What the parts of a model promise each other. Settings (a recipe's side) make networks (torch's side) with `build`.

A new part is a file in the folder of its sort (encoders, decoders, priors, likelihoods, conditions, backbones): a class below
one of the settings here, with a `kind` of its own, and the network that its `build` makes. It needs no import elsewhere.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from timbre_core.models.network import Network
from timbre_core.parts import Part

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Encoder(Network):
    """Windows (batch, n_bins, T) to features (batch, out_features)."""

    out_features: int

    @abstractmethod
    def forward(self, frames: Tensor) -> Tensor: ...


class EncoderSettings(Part):
    """An encoder as a recipe names it."""

    kind: str

    @abstractmethod
    def build(self, n_bins: int, n_frames: int) -> Encoder:
        """A fresh encoder of windows (n_bins, n_frames)."""


class Decoder(Network):
    """Latents with their conditions (batch, in_features) to windows (batch, n_bins, T)."""

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor: ...


class DecoderSettings(Part):
    """A decoder as a recipe names it."""

    whole_notes: ClassVar[bool] = False
    """Whether a window is a whole note from its onset on, so that a longer sound is no row of windows."""

    kind: str

    @abstractmethod
    def build(self, in_features: int, n_bins: int, n_frames: int) -> Decoder:
        """A fresh decoder to windows (n_bins, n_frames)."""


class Prior(Network):
    """p(z)."""

    @abstractmethod
    def kl(self, mu: Tensor, logvar: Tensor, z: Tensor | None = None) -> Tensor:
        """KL(N(mu, exp(logvar)) || p) of every dimension in nats, the shape of `mu` (batch, latent_dim).

        z: draws of the posterior, for a prior whose KL has to be estimated.
        """

    @abstractmethod
    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """(count, latent_dim) draws on the CPU."""


class PriorSettings(Part):
    """A prior as a recipe names it."""

    kind: str

    @abstractmethod
    def build(self, latent_dim: int) -> Prior:
        """A fresh prior over latents (latent_dim,)."""


class Likelihood(Network):
    """How far decoded frames are from the original ones."""

    def frames(self, output: Tensor) -> Tensor:
        """The decoder's output (batch, n_bins, T) as frames: what it is, unless a likelihood says otherwise."""
        return output

    @abstractmethod
    def forward(self, output: Tensor, frames: Tensor) -> Tensor:
        """The mean reconstruction term per value, a scalar, of the decoder's output and the original frames."""

    def gradient(self, output: Tensor, frames: Tensor) -> Tensor:
        """What the term changes by with each value of the output: (batch, n_bins, T)."""
        from torch.autograd import grad

        output = output.detach().requires_grad_(True)
        (gradient,) = grad(self(output, frames), output)
        return gradient


class LikelihoodSettings(Part):
    """A likelihood as a recipe names it."""

    kind: str
    weight: Annotated[float, Field(gt=0, description="of the reconstruction term in the total")] = 1.0

    @abstractmethod
    def build(self) -> Likelihood:
        """A fresh likelihood."""


Place = Literal["input", "encoder", "decoder"]
"""Where a condition is concatenated: to the frames as further bins, to what enters the encoder's head, to the latent."""


class Condition(Network):
    """What a model is told beside the frames, as vectors to concatenate: label values (batch,) to (batch, out_features)."""

    out_features: int

    @abstractmethod
    def forward(self, values: Tensor) -> Tensor: ...


class ConditionSettings(Part):
    """A condition as a recipe names it. `label` is the note's label that it reads; `optional`: it can go without."""

    label: ClassVar[str]
    optional: ClassVar[bool] = False
    kind: str
    into: list[Place] = Field(default=["decoder"], min_length=1)

    @abstractmethod
    def build(self) -> Condition:
        """A fresh condition."""


class Backbone(Network):
    """Of networks that invert: frames (batch, in_bins, T) and a hint (batch, hint_bins) to features (batch, T, out_features)."""

    out_features: int

    @abstractmethod
    def forward(self, frames: Tensor, hint: Tensor) -> Tensor: ...


class BackboneSettings(Part):
    """A backbone as a recipe names it."""

    kind: str

    @abstractmethod
    def build(self, in_bins: int, hint_bins: int) -> Backbone:
        """A fresh backbone."""
