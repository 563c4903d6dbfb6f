"""Limits that Docker knows and the Docker provider has no input for."""

import docker


def limit_processes(container: str, most: int) -> None:
    """Let *container* run at most *most* processes and threads (CIS 5.29); it lasts as long as the container."""
    client = docker.from_env()
    try:
        api = client.api
        # docker-py's `update_container` does not know PidsLimit, which Docker's API has had since 1.40.
        response = api._post_json(api._url("/containers/{0}/update", container), data={"PidsLimit": most})  # noqa: SLF001 - see above
        response.raise_for_status()
    finally:
        client.close()
