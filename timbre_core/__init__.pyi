# The public API: a line here is all that a new name needs (see __init__.py).
from .analysis.evaluation import evaluate as evaluate
from .checkpoint import Checkpoint as Checkpoint
from .checkpoint import list_checkpoints as list_checkpoints
from .checkpoint import open_checkpoint as open_checkpoint
from .datasets.library import Library as Library
from .datasets.library import open_library as open_library
from .decoding import Trajectory as Trajectory
from .errors import TimbreError as TimbreError
from .experiment import train as train
from .features.audio import load_audio as load_audio
from .features.audio import write_wav as write_wav
from .generation.contours import Contour as Contour
from .generation.instrument import Instrument as Instrument
from .generation.note_at import note_at as note_at
from .generation.sounds import Generated as Generated
from .generation.sounds import generate as generate
from .generation.sounds import morph as morph
from .generation.sounds import morph_steps as morph_steps
from .generation.timbre_code import timbre_code as timbre_code
from .generation.transfer import Transferred as Transferred
from .generation.transfer import transfer_audio as transfer_audio
from .recipes.recipe_files import list_recipes as list_recipes
from .recipes.recipe_files import load_recipe as load_recipe
from .recipes.schema import Recipe as Recipe
from .space import Reconstruction as Reconstruction
from .space import TimbreSpace as TimbreSpace
from .space import open_space as open_space
from .training.progress import TrainingCancelled as TrainingCancelled
from .training.progress import TrainingProgress as TrainingProgress

__version__: str
