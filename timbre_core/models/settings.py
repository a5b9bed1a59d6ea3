"""What a recipe says about its model: which parts it is composed of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from timbre_core.models.contracts import (
    ConditionSettings,
    DecoderSettings,
    EncoderSettings,
    LikelihoodSettings,
    PriorSettings,
)
from timbre_core.models.decoders.conv import ConvDecoderSettings
from timbre_core.models.encoders.conv import ConvEncoderSettings
from timbre_core.models.likelihoods.l1 import LaplaceSettings
from timbre_core.models.priors.standard_normal import StandardNormalPriorSettings
from timbre_core.parts import Part, one_of

if TYPE_CHECKING:
    AnyEncoder = EncoderSettings
    AnyDecoder = DecoderSettings
    AnyPrior = PriorSettings
    AnyLikelihood = LikelihoodSettings
    AnyCondition = ConditionSettings
else:
    AnyEncoder = one_of("timbre_core.models.encoders", EncoderSettings, default="conv")
    AnyDecoder = one_of("timbre_core.models.decoders", DecoderSettings, default="conv")
    AnyPrior = one_of("timbre_core.models.priors", PriorSettings, default="standard_normal")
    AnyLikelihood = one_of("timbre_core.models.likelihoods", LikelihoodSettings, default="l1")
    AnyCondition = one_of("timbre_core.models.conditions", ConditionSettings)


class ModelSettings(Part):
    """A model: encoder x decoder x prior x likelihood x conditions."""

    latent_dim: Annotated[int, Field(ge=1, le=4096)] = 32
    encoder: AnyEncoder = ConvEncoderSettings()
    decoder: AnyDecoder = ConvDecoderSettings()
    prior: AnyPrior = StandardNormalPriorSettings()
    likelihood: AnyLikelihood = LaplaceSettings()
    conditions: list[AnyCondition] = Field(default_factory=list, max_length=8)
    refinement: Annotated[
        int,
        Field(ge=0, le=1000, description="steps by which latents are improved after encoding: see `models.refinement`"),
    ] = 0
    refinement_energies: Annotated[
        float,
        Field(
            ge=0,
            le=100,
            description="weight, beside the reconstruction term, of errors in the energies of wide blocks of frames that span "
            "80 dB, which those steps then also mend",
        ),
    ] = 0.0
    sampling: bool = Field(default=True, description="false makes it a plain autoencoder: z = mu, no KL")
