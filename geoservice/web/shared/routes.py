"""Released counts as JSON, files and tiles. Each answer follows from the bytes of the release and from the request alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.errors import NotFound
from geoservice.operations import shared_files, shared_hot, shared_picture, shared_read, shared_shapes
from geoservice.operations.shared import Opened
from geoservice.operations.shared_read import Wish
from geoservice.web.dependencies import NoParameters, only
from geoservice.web.responses import FOR_EVER, JSON, MVT, NO_CACHE, respond, tag_of, to_json
from geoservice.web.shared.who import CurrentGuest, CurrentRelease, door_of, shared_of
from geoservice.web.shared.words import said

router = APIRouter()
GEOJSON, SVG = "application/geo+json", "image/svg+xml"
Given = dict[str, str]


@router.get("/api/shared", dependencies=[NoParameters])
def listing(request: Request, guest: CurrentGuest) -> Response:
    """Releases that one may open, by territory; `zone` is where one's page begins."""
    found = [one for one in shared_of(request).folder.readable() if one.territory in guest.territories]
    value = {"releases": [{**shared_read.summary(one), "version": version_of(one), "zone": guest.zones.get(one.territory)}
                          for one in found], "answers": guest.answers, "asks": guest.asks,
             "surface": "main" if door_of(request).main else "shared"}
    return respond(request, tag_of("shared", to_json(value)), lambda: to_json(value), JSON)


@router.get("/api/shared/{territory}", dependencies=[NoParameters])
def manifest(request: Request, release: CurrentRelease) -> Response:
    """Everything that a release publishes, its rules and what they promise."""
    return _answer(request, release, {}, lambda: {**shared_read.manifest(release), "version": version_of(release)})


@router.get("/api/shared/{territory}/places/{level}", openapi_extra=said("version", answers=(GEOJSON,)))
def places(request: Request, release: CurrentRelease, level: str, given: Annotated[Given, Depends(only("version"))]) -> Response:
    """Places of a level as GeoJSON, without any count; the order is that of /values."""
    shared_shapes.known(release, level)
    if given.get("version", version_of(release)) != version_of(release):
        raise NotFound("Cette version n’est plus celle de la diffusion : rechargez la page.")
    return respond(request, _tag(request, release, given), lambda: shared_shapes.geojson(release, level), GEOJSON,
                   cache=FOR_EVER if "version" in given else NO_CACHE)


@router.get("/api/shared/{territory}/values", openapi_extra=said("kind", "level", "period", "group"))
def values(request: Request, release: CurrentRelease,
           given: Annotated[Given, Depends(only("kind", "level", "period", "group"))]) -> Response:
    """Counts of a level in the order of its places; null is « non diffusé »."""
    return _answer(request, release, given, lambda: shared_read.values(release, _wish(given)))


@router.get("/api/shared/{territory}/trend", openapi_extra=said("kind", "level", "place", "by", "group"))
def trend(request: Request, release: CurrentRelease,
          given: Annotated[Given, Depends(only("kind", "level", "place", "by", "group"))]) -> Response:
    """The series of one place by month, quarter or year, as it was published."""
    return _answer(request, release, given, lambda: shared_read.trend(
        release, _wish(given), given.get("place"), given.get("by", "quarter")))


@router.get("/api/shared/{territory}/changes", openapi_extra=said("kind", "level", "period", "group"))
def changes(request: Request, release: CurrentRelease,
            given: Annotated[Given, Depends(only("kind", "level", "period", "group"))]) -> Response:
    """A period beside the same one a year before: up, down or nothing clear, for each place of a level."""
    return _answer(request, release, given, lambda: shared_read.changes(release, _wish(given)))


@router.get("/api/shared/{territory}/hours", openapi_extra=said("kind", "year", "level", "place"))
def hours(request: Request, release: CurrentRelease,
          given: Annotated[Given, Depends(only("kind", "year", "level", "place"))]) -> Response:
    """Weekdays and bands of three hours over a year, of a commune or of the largest hexagons."""
    return _answer(request, release, given, lambda: shared_read.hours(
        release, _wish(given), given.get("year"), given.get("place")))


@router.get("/api/shared/{territory}/hotspots", openapi_extra=said("kind", "level", "period", "group"))
def hotspots(request: Request, release: CurrentRelease,
             given: Annotated[Given, Depends(only("kind", "level", "period", "group"))]) -> Response:
    """Hot spots from released counts alone; places that are not shown take no part, and that is said."""
    return _answer(request, release, given, lambda: shared_hot.hot(release, _wish(given)))


@router.get("/api/shared/{territory}/map.svg", openapi_extra=said("kind", "level", "period", "group", answers=(SVG,)))
def picture(request: Request, release: CurrentRelease,
            given: Annotated[Given, Depends(only("kind", "level", "period", "group"))]) -> Response:
    """The map of a level drawn by the server, « non diffusé » hatched; words for people who do not see it."""
    return respond(request, _tag(request, release, given), lambda: shared_picture.draw(
        release, shared_read.column(release, _wish(given))).svg(), SVG)


@router.get("/api/shared/{territory}/halls", dependencies=[NoParameters])
def halls(request: Request, release: CurrentRelease) -> Response:
    """Halls whose state their owners disclosed."""
    return _answer(request, release, {}, lambda: {"halls": list(release.disclosed)})


def _export(name: str) -> Callable[..., Response]:
    make, media = shared_files.FORMATS[name]

    def export(request: Request, release: CurrentRelease,
               given: Annotated[Given, Depends(only("kind", "level", "period", "group"))]) -> Response:
        file = f"diffusion-{release.territory}-{given.get('level', 'niveau-fin')}.{name}"
        return respond(request, _tag(request, release, given), lambda: make(release, _wish(given)), media, file)

    export.__doc__ = f"Released counts as {name.upper()}."
    return export


for _name in shared_files.EXTENSIONS:
    router.get(f"/api/shared/{{territory}}/export.{_name}", name=f"export_{_name}", openapi_extra=said(
        "kind", "level", "period", "group", answers=(shared_files.FORMATS[_name][1].partition(";")[0],)))(_export(_name))


@router.get("/tiles/shared/{territory}/{level}/{z}/{x}/{y}.mvt", openapi_extra=said(
    "kind", "period", "group", path=("level", "z", "x", "y"), answers=(MVT,)))
def tile(request: Request, release: CurrentRelease,
         given: Annotated[Given, Depends(only("kind", "period", "group"))]) -> Response:
    """Places of a level as a vector tile, `n` where the count is shown."""
    path = request.path_params
    where = shared_shapes.tile_of(path["z"], path["x"], path["y"])
    shared_shapes.known(release, path["level"])
    return respond(request, _tag(request, release, given), lambda: shared_shapes.tile(
        release, shared_read.column(release, _wish({**given, "level": path["level"]})), where), MVT)


def version_of(release: Opened) -> str:
    """A name for a release and the public files beside it: an address with it never changes its answer."""
    return f"{release.id[:24]}-{release.beside}"


def _wish(given: Given) -> Wish:
    return Wish(given.get("kind"), given.get("level"), given.get("period"), given.get("group"))


def _tag(request: Request, release: Opened, given: Given) -> str:
    return tag_of(release.id, release.beside, request.url.path, sorted(given.items()))


def _answer(request: Request, release: Opened, given: Given, make: Callable[[], dict[str, Any]]) -> Response:
    return respond(request, _tag(request, release, given), lambda: to_json(make()), JSON)
