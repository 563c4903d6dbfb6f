"""Limits that Docker knows and the Docker provider has no input for."""

from contextlib import closing

import docker


def limit_processes(container: str, most: int) -> None:
    """Let *container* run at most *most* processes and threads (CIS 5.29); it lasts as long as the container."""
    with closing(docker.from_env()) as client:
        api = client.api
        # docker-py's `update_container` does not know PidsLimit, which Docker's API has had since 1.40.
        url = f"{api.base_url}/v{api.api_version}/containers/{container}/update"
        api.post(url, json={"PidsLimit": most}).raise_for_status()
