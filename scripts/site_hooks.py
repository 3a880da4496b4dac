"""What mkdocs.yml needs beyond its plugins: docs/ reads alike in a file browser and as a site.

Pages in docs/ point at files by their places in the repository. Here README.md and what else lies
outside docs/ become pages too, links between files become links between pages, and a code span that
names a page, as in `docs/method.md`, becomes a link. One that names nothing is a warning, which
fails a strict build, as any other dead link does.
"""

import logging
import posixpath
import re
from collections.abc import Callable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

REPOSITORY = Path(__file__).resolve().parents[1]

#: Files outside docs/ that the site shows, and where (README.md would be taken for its front page).
OUTSIDE = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/results.md": "benchmarks/results.md",
    "benchmarks/gpu.md": "benchmarks/gpu.md",
    "benchmarks/scaling.svg": "benchmarks/scaling.svg",
}

_CODE = re.compile(r"^```.*?^```[^\n]*$|^(?: {4}|\t)[^\n]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(
    r"(?P<image>!?)\[(?P<text>[^\[\]]*)\]\((?P<path>[^()\s#:]+)(?P<anchor>#[^()\s]*)?\)"
)
_SPAN = re.compile(r"(?<![\[`])`(?P<path>(?:[\w.-]+/)*[\w.-]+\.md)`(?![\]`])")

_log = logging.getLogger("mkdocs.plugins.glt")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what lies outside docs/."""
    for place, uri in OUTSIDE.items():
        files.append(File.generated(config, uri, abs_src_path=str(REPOSITORY / place)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files into links between pages; code is left as it is."""
    path = page.file.abs_src_path
    place = Path(path).relative_to(REPOSITORY).as_posix() if path else page.file.src_uri
    here = posixpath.dirname(page.file.src_uri) or "."

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(place), found["path"]))
        uri = _page_of(target, files)
        if uri is not None:
            relative = posixpath.relpath(uri, here)
            return f"{found['image']}[{found['text']}]({relative}{found['anchor'] or ''})"
        # Source files and folders are no pages: their names must do. A dead link stays, and warns.
        return found["text"] if (REPOSITORY / target).exists() else found[0]

    def span(found: re.Match[str]) -> str:
        uri = _page_of(found["path"], files)
        if uri is not None and uri != page.file.src_uri:
            return f"[{found[0]}]({posixpath.relpath(uri, here)})"
        if found["path"].startswith("docs/") and not (REPOSITORY / found["path"]).exists():
            _log.warning("%s names %s, which is not there", place, found["path"])
        return found[0]

    return _outside_code(markdown, lambda prose: _SPAN.sub(span, _LINK.sub(link, prose)))


def _page_of(place: str, files: Files) -> str | None:
    """Where the site shows a file of the repository, if it does."""
    uri = OUTSIDE.get(place) or (place.removeprefix("docs/") if place.startswith("docs/") else None)
    file = files.get_file_from_path(uri) if uri else None
    shown = file is not None and file.inclusion is not InclusionLevel.EXCLUDED
    return uri if shown else None


def _outside_code(markdown: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for code in _CODE.finditer(markdown):
        parts += [change(markdown[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, change(markdown[end:])])
