"""The process that has torch."""

from . import breaking, camera, judged, labelling, space, zoo
from . import session as answers
from .lecture import exercises, figures
from .loop import Functions, main
from .session import Session

# what the studio computes, by name: a table of each module
FUNCTIONS: Functions = {
    **answers.FUNCTIONS, **breaking.FUNCTIONS, **labelling.FUNCTIONS, **space.FUNCTIONS, **camera.FUNCTIONS, **judged.FUNCTIONS,
    **zoo.FUNCTIONS,
    **figures.FUNCTIONS, **exercises.FUNCTIONS,
}  # fmt: skip

if __name__ == "__main__":
    main(FUNCTIONS, Session())
