from packhouse.storage.migrate import migrate, missing_migrations


async def test_every_model_change_has_its_migration() -> None:
    assert await missing_migrations() == []


async def test_migrating_a_migrated_database_does_nothing(database_url: str) -> None:
    assert await migrate(database_url) == []
