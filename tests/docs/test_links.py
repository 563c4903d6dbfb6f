"""A link of README or docs leads somewhere."""

from pathlib import Path

from tests.docs.pages import PROJECT, headings, links


def test_every_link_to_a_file_of_the_repository_leads_to_one() -> None:
    broken = [said for said in links() if not _target(said.page, said.text).exists()]

    assert [str(said) for said in broken] == []


def test_every_link_to_a_heading_leads_to_one() -> None:
    anchored = [said for said in links() if "#" in said.text and _target(said.page, said.text).suffix == ".md"]

    assert anchored
    assert [
        str(said) for said in anchored if said.text.partition("#")[2] not in headings(_target(said.page, said.text))
    ] == []


def _target(page: str, link: str) -> Path:
    path, _, _ = link.partition("#")
    return (PROJECT / page).parent / path if path else PROJECT / page
