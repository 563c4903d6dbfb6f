"""The Pulumi engine, its Python host and the Docker plugin: found, downloaded or built."""

import json
import os
import platform
import shutil
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

from air_gapped import pins, places
from air_gapped.commands import output, run
from air_gapped.go_build import Program, build, module_folder
from air_gapped.progress import Report

_SDK = "github.com/pulumi/pulumi/sdk/v3"
_RELEASES = "https://get.pulumi.com/releases/sdk"
# docs/adr/0001 says why.
_MIN_PULUMI = (3, 238)

CLI = Program(
    binary="pulumi",
    recipe="pulumi_cli",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    version=pins.PULUMI,
    ldflags=f"-X {_SDK}/go/common/version.Version=v{pins.PULUMI}",
)
LANGUAGE_HOST = Program(
    binary="pulumi-language-python",
    recipe="python_language_host",
    package=f"{_SDK}/python/cmd/pulumi-language-python",
    version="3.78.1",
)
DOCKER_PLUGIN = Program(
    binary="pulumi-resource-docker",
    recipe="docker_provider",
    package=".",
    version=pins.DOCKER_PLUGIN,
    tags="no_compose",
)


def offline() -> bool:
    """`TRUGEN_LLM_OFFLINE=1` leaves out every download but those from package registries."""
    return os.environ.get("TRUGEN_LLM_OFFLINE", "") not in {"", "0"}


def existing_cli() -> Path | None:
    """The user's own Pulumi, when it is new enough and can run Python programs."""
    found = shutil.which("pulumi")
    if not found or not shutil.which("pulumi-language-python"):
        return None
    version = (output([found, "version"]) or "").strip().lstrip("v").split("-")[0].split(".")
    numbers = tuple(int(part) for part in version if part.isdigit())
    return Path(found) if numbers[:2] >= _MIN_PULUMI else None


def tools_folder() -> Path:
    """Folder that goes first on PATH when the tools are not the user's own."""
    return places.cache() / f"pulumi-tools-{pins.PULUMI}-{platform.machine()}"


def cli(report: Report) -> str:
    """Make a Pulumi CLI available; returns where it came from."""
    folder = tools_folder()
    if (folder / "pulumi").exists():
        return f"{pins.PULUMI} from the cache"
    if found := existing_cli():
        return f"{found}, already on this machine"
    if not offline() and _download(folder, report):
        return f"{pins.PULUMI}, downloaded"
    report("building from Go modules (no Pulumi on PATH, its download does not answer)")
    _build(folder, report)
    return f"{pins.PULUMI}, built from Go modules"


def _download(folder: Path, report: Report) -> bool:
    system = platform.system().lower()
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    report("downloading")
    scratch = folder.with_suffix(".new")
    shutil.rmtree(scratch, ignore_errors=True)
    url = f"{_RELEASES}/pulumi-v{pins.PULUMI}-{system}-{machine}.tar.gz"
    try:
        with (
            urllib.request.urlopen(url, timeout=10) as answer,  # noqa: S310 - a literal https address
            tarfile.open(fileobj=answer, mode="r|gz") as archive,
        ):
            archive.extractall(scratch, filter="data")
    except (urllib.error.URLError, OSError, tarfile.TarError):
        shutil.rmtree(scratch, ignore_errors=True)
        return False
    (scratch / "pulumi").rename(folder)
    shutil.rmtree(scratch)
    return True


def _build(folder: Path, report: Report) -> None:
    scratch = folder.with_suffix(".new")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    shutil.copy2(build(CLI, report), scratch)
    shutil.copy2(build(LANGUAGE_HOST, report), scratch)
    scripts = module_folder(CLI, _SDK, report) / "python"
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        target = scratch / Path(script).name
        shutil.copyfile(scripts / script, target)
        target.chmod(0o755)
    scratch.rename(folder)


def environment() -> dict[str, str]:
    """Variables under which `pulumi` finds its tools and keeps the local stack's state on this machine."""
    variables = {
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_BACKEND_URL": os.environ.get("PULUMI_BACKEND_URL", f"file://{_backend()}"),
        "VIRTUAL_ENV": str(places.VENV),
        # A run starts Python some six times: compiled modules count, and outside the checkout they litter nothing.
        "PYTHONPYCACHEPREFIX": str(places.cache() / "pycache"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    path = [str(places.VENV / "bin")]
    if (tools_folder() / "pulumi").exists():
        path.append(str(tools_folder()))
        variables["PULUMI_HOME"] = str(places.cache() / "pulumi-home")
    variables["PATH"] = os.pathsep.join([*path, os.environ["PATH"]])
    return variables


def _backend() -> Path:
    folder = places.state() / "stacks"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def docker_plugin(report: Report) -> str:
    """Install the Docker plugin into the Pulumi home in use; returns where it came from."""
    variables = environment()
    listed = output(["pulumi", "plugin", "ls", "--json"], env=variables)
    wanted = ("docker", pins.DOCKER_PLUGIN)
    if any((entry["name"], entry.get("version")) == wanted for entry in json.loads(listed or "[]")):
        return f"{pins.DOCKER_PLUGIN}, already installed"
    install = ["pulumi", "plugin", "install", "resource", *wanted]
    if not offline() and _answers(_RELEASES) and output(install, timeout_s=180, env=variables) is not None:
        return f"{pins.DOCKER_PLUGIN}, downloaded"
    report("building from Go modules (its download does not answer)")
    run([*install, "--file", build(DOCKER_PLUGIN, report)], log="docker-plugin", env=variables)
    return f"{pins.DOCKER_PLUGIN}, built from Go modules"


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - a literal https address
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
