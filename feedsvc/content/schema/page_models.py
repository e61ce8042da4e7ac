"""Models, for pydantic 2, of pages/*.md and of the keys of site.yaml for menus."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from feedsvc.content.schema.field_types import (
    AS_MENU_ENTRY,
    DateText,
    LanguageTag,
    MenuTarget,
    OneLineText,
    RequiredLine,
    Slug,
    Slugs,
)
from feedsvc.page_model import Menu

_EMPTY: Final[Any] = ()
_LIST_LIMIT: Final = Field(max_length=100)


MODEL_CONFIG: Final = ConfigDict(extra="forbid", strict=True, defer_build=True)  # of all models


class _Keys(BaseModel):
    model_config = MODEL_CONFIG


class PageKeys(_Keys):
    """Front matter of pages/*.md"""

    title: RequiredLine
    description: OneLineText = ""
    language: LanguageTag | None = None
    updated: DateText | None = None
    navigation: Menu = "footer"
    order: Annotated[int, Field(ge=-1000, le=1000)] = 0
    slug: Slug | None = None
    aliases: Slugs = _EMPTY
    status: Literal["draft", "published"] = "published"


class MenuEntryKeys(_Keys):
    to: MenuTarget
    title: OneLineText = ""


MenuEntries = Annotated[list[Annotated[MenuEntryKeys, AS_MENU_ENTRY]], _LIST_LIMIT]


class FooterKeys(_Keys):
    text: OneLineText = ""
    links: MenuEntries | None = None
