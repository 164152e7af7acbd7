"""The public names for editors and type checkers; `__init__.py` has the same and imports them on first use."""

from . import attacks as attacks
from . import augment as augment
from . import look as look
from . import models as models
from . import testing as testing
from .api.files import check as check
from .api.files import load as load
from .api.files import split as split
from .api.files import verify as verify
from .api.inside import explain as explain
from .api.inside import recompute as recompute
from .api.judging import attack as attack
from .api.judging import compare as compare
from .api.judging import evaluate as evaluate
from .api.judging import stress as stress
from .api.labels import find_label_errors as find_label_errors
from .api.labels import suggest_labels as suggest_labels
from .api.learning import doctor as doctor
from .api.learning import ladder as ladder
from .api.learning import pretrain as pretrain
from .api.learning import resume as resume
from .api.learning import train as train
from .api.pages import report as report
from .attacks.attack import AttackResult as AttackResult
from .attacks.options import AttackOptions as AttackOptions
from .base.compute.memory import keep_large_buffers as keep_large_buffers
from .base.errors import ClearsightError as ClearsightError
from .base.errors import UnreadableImage as UnreadableImage
from .base.errors import UsageError as UsageError
from .classifier import Classifier as Classifier
from .classifier import Prediction as Prediction
from .classifier import Verification as Verification
from .classifier import save as save
from .classifier.quick import classify as classify
from .datasets.check import CheckResult as CheckResult
from .datasets.dataset import Dataset as Dataset
from .datasets.dataset import Parts as Parts
from .datasets.open import open_dataset as open_dataset
from .evaluation.compare import Comparison as Comparison
from .evaluation.evaluate import Evaluation as Evaluation
from .evaluation.stress import StressResult as StressResult
from .experiments.ladder import LadderResult as LadderResult
from .images.decode import decode as decode
from .images.preprocess import Preprocessing as Preprocessing
from .labels.acquisition import LabelSuggestions as LabelSuggestions
from .labels.label_errors import LabelErrors as LabelErrors
from .look.unit import Recomputation as Recomputation
from .look.why import Explanation as Explanation
from .recipes.recipe import Recipe as Recipe
from .training.api import Diagnosis as Diagnosis
from .training.api import Objective as Objective
from .training.api import Trained as Trained

__version__: str
__all__: list[str]
