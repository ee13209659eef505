"""Making and opening a data folder."""

from __future__ import annotations

from geoservice.settings import Settings
from geoservice.storage import engine as db
from geoservice.storage import migrations, store
from geoservice.storage.store import Storage


def create(settings: Settings, demo: bool = False) -> Storage:
    """A new, empty data folder; NotReady when there is one already."""
    return store.create(settings, demo)


def open_storage(settings: Settings) -> Storage:
    """An existing data folder, brought up to today's tables when it is older; NotReady says how to make one."""
    try:
        return Storage(settings)
    except migrations.OlderFolder:
        migrations.bring_up(settings)
        return Storage(settings)


def there_is_one(settings: Settings) -> bool:
    """Whether the data folder has a database."""
    return db.exists(settings)


def demo_state(settings: Settings) -> str:
    """`none` (no folder, or an empty one), `begun`, `ready`: the demo's own folder, `foreign`: somebody's data."""
    return store.demo_state(settings.data)


def demo_ready(settings: Settings) -> None:
    """Say that the demo's folder is complete."""
    store.mark_demo(settings.data, "ready")


def discard_demo(settings: Settings) -> None:
    """Delete a folder that the demo began and did not finish."""
    store.discard_demo(settings)
