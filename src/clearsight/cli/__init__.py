"""The command line, one thin file per verb. `main` is the way in and the only place that prints errors."""

import gc
import os
import sys

import click

from .group import Verbs
from .streams import prepare


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="clearsight", prog_name="clearsight", message="%(prog)s %(version)s")
def clearsight() -> None:
    """Image classification you can see through.

    A folder of labelled pictures in; a classifier that is trained, judged and ready to use out.

    \b
      clearsight demo                      the whole road, on digits and photographs, in two minutes
      clearsight train PICTURES            PICTURES/cat/*.jpg, PICTURES/dog/*.jpg, ...
      clearsight evaluate runs/NAME        how good it is, on pictures it has never seen
      clearsight classify runs/NAME *.jpg  use it
    """


def main() -> None:
    """Run the command line; every failure becomes one clear line on stderr and an exit code (1 failed, 2 wrong usage)."""
    from ..base.compute.memory import keep_large_buffers
    from ..base.errors import ClearsightError, LostProcess, worded

    # waiting threads yield the CPU after microseconds, not milliseconds: no slower alone, 1.5 × as fast next to other processes
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    gc.set_threshold(10_000)  # at the usual 700 the objects of torch's import, which stay, are searched for cycles for 0.1 s more
    keep_large_buffers()
    prepare()
    try:
        sys.exit(clearsight.main(standalone_mode=False) or 0)  # what ctx.exit said
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        where = f" (see: {error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        _fail(f"{error.format_message()}{where}", 2)
    except LostProcess as error:
        click.echo(f"clearsight: {error}", err=True)
        sys.stderr.flush()
        os._exit(error.exit_code)  # taking down what is left of the group may wait for the lost one for ever
    except ClearsightError as error:
        _fail(str(error), error.exit_code, table=error.table)
    except (KeyboardInterrupt, click.Abort):
        _fail("stopped by Ctrl-C.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output is gone: stop writing
        sys.exit(1)
    except Exception as error:
        if os.environ.get("CLEARSIGHT_TRACEBACK"):
            raise
        _fail(
            f"{worded(error)}. This is a bug in Clearsight; CLEARSIGHT_TRACEBACK=1 shows where, please report it.",
            1,
        )


def _fail(text: str, code: int, *, table: bool = False) -> None:
    from ..base.errors import plain

    click.echo("clearsight: " + ("\n".join(map(plain, text.split("\n"))) if table else plain(text)), err=True)
    sys.exit(code)
