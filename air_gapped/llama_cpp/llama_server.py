"""
`llama-server` made of the wheel `xllamacpp`: llama.cpp's own command line and HTTP server, without its `main`.

The wheel binds the server but not the parser, which it exports as C++ all the same. So every option, `LLAMA_ARG_`
variable, refusal and `--help` is llama.cpp's own. Copied into an image as its entrypoint; imports nothing of ours.
"""

import ctypes
import os
import signal
import sys

_STOP = {signal.SIGTERM, signal.SIGINT}
# The kernel drops them for the first process of a container, unless they are handled or, as here, blocked for later.
signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)

import xllamacpp  # noqa: E402 - takes a while, and no stop may be lost meanwhile
from xllamacpp import xllamacpp as library  # noqa: E402 - see above

# common/arg.h: bool common_params_parse(int, char **, common_params &, llama_example, void (*)(int, char **))
_PARSE = "_Z19common_params_parseiPPcR13common_params13llama_examplePFviS0_E"
# common/common.h, llama_example, as of b11549; no other value there accepts --port.
_LLAMA_EXAMPLE_SERVER = 12


def main() -> int:
    words = [word.encode() for word in sys.argv]
    params = xllamacpp.CommonParams()
    parse = ctypes.CDLL(library.__file__)[_PARSE]
    parse.restype = ctypes.c_bool
    # A CommonParams holds the C++ structure itself, right behind the head that every Python object has.
    structure = ctypes.c_void_p(id(params) + object.__basicsize__)
    argv = (ctypes.c_char_p * (len(words) + 1))(*words, None)
    if not parse(len(words), argv, structure, _LLAMA_EXAMPLE_SERVER, None):
        return 1
    try:
        server = xllamacpp.Server(params)
    except (RuntimeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    signal.sigwait(_STOP)
    print(f"stopping {server.listening_address}", file=sys.stderr, flush=True)
    os._exit(0)  # taking the server down in order would wait for open streams


if __name__ == "__main__":
    sys.exit(main())
