using Microsoft.Extensions.Logging.Abstractions;
using RufusIngest.Server;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Server;

public sealed class SqliteVenueSchemaTests : IDisposable
{
    /// <summary>A file of version 1 as it was released, with a company, a device, two sessions and a passing.</summary>
    const string Version1 = """
        CREATE TABLE companies (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE keys (
            hash BLOB PRIMARY KEY, company INTEGER NOT NULL REFERENCES companies, name TEXT NOT NULL,
            access INTEGER NOT NULL, created_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE devices (
            id INTEGER PRIMARY KEY, company INTEGER NOT NULL REFERENCES companies, device_id TEXT NOT NULL UNIQUE,
            serial_number TEXT NOT NULL, model TEXT NOT NULL, type TEXT, alias TEXT, firmware TEXT,
            created_ms INTEGER NOT NULL, written_ms INTEGER NOT NULL, unbound_ms INTEGER) STRICT;
        CREATE UNIQUE INDEX devices_bound ON devices (company, serial_number) WHERE unbound_ms IS NULL;
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES devices, token TEXT NOT NULL UNIQUE, alias TEXT,
            created_ms INTEGER NOT NULL, closed_ms INTEGER, passings INTEGER NOT NULL DEFAULT 0,
            first_ms INTEGER, last_ms INTEGER) STRICT;
        CREATE INDEX sessions_device ON sessions (device);
        CREATE UNIQUE INDEX sessions_active ON sessions (device) WHERE closed_ms IS NULL;
        CREATE TABLE passings (
            session INTEGER NOT NULL, number INTEGER NOT NULL, time_ms INTEGER NOT NULL, bib BLOB, chip BLOB,
            latitude BLOB, longitude BLOB, status BLOB, participant_id BLOB, timezone BLOB, gender BLOB,
            PRIMARY KEY (session, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE spans (
            session INTEGER NOT NULL, block INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
            PRIMARY KEY (session, block)) STRICT, WITHOUT ROWID;
        INSERT INTO companies VALUES (1, 'default');
        INSERT INTO keys VALUES (x'01', 1, 'first', 7, 5);
        INSERT INTO devices VALUES (1, 1, 'D', 'S', 'M', NULL, 'A', NULL, 5, 9, NULL);
        INSERT INTO sessions VALUES (1, 1, 'OLD', NULL, 6, 7, 1, 1000, 1000), (2, 1, 'NEW', 'Race', 7, NULL, 0, NULL, NULL);
        INSERT INTO passings (session, number, time_ms, bib, gender) VALUES (1, 3, 1000, x'3132', x'46');
        INSERT INTO spans VALUES (1, 0, 1000, 1000);
        PRAGMA application_id = 1381320278;
        PRAGMA user_version = 1;
        """;

    readonly string _file = VenueData.NewFile();

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    [Fact]
    public async Task a_file_of_version_1_is_used_as_it_is()
    {
        Make(Version1);
        await using var store = Open();
        Assert.Equal(1, await store.CompanyAsync("default"));
        Assert.Equal("first", Assert.Single(await store.KeysAsync(Cancelled)).Name);
        Assert.Equal(new("D", new("S", "M", null, "A", null), 5, 9, 2, 1), await store.FindDeviceAsync(1, "D", Cancelled));
        Assert.Equal(new("OLD", null, 6, new(false, 1, 1000, 1000)), await store.FindSessionAsync(1, "OLD", Cancelled));
        Assert.Equal("NEW", (await store.ActiveSessionAsync(1, "D", Cancelled))?.Token);
        using var page = await store.SessionPassingsAsync(1, "OLD", PassingRange.All, new(1, 10), Cancelled);
        Assert.Equal((1, 3, 1000), (page!.Count, page[0].Number, page[0].TimeMs));
        using var byTime = await store.DevicePassingsAsync(1, "D", PassingRange.All, new(1, 10), Cancelled);
        Assert.Equal((1, 3), (byTime!.Total, byTime[0].Number));
        var texts = page[0].Texts(page.Chunks(0), out var bytes);
        Assert.True(texts[PassingText.Bib].In(bytes).SequenceEqual("12"u8) && texts[PassingText.Chip].IsNull);
    }

    [Fact]
    public async Task an_empty_file_becomes_one_of_the_newest_version()
    {
        await File.WriteAllBytesAsync(_file, [], Cancelled);
        await using (var store = Open())
            Assert.True((await store.BindAsync(await store.CompanyAsync("c"), new("S", "M", null, null, null))).IsNew);
        using var made = SqliteDatabase.Open(_file, create: false);
        using var known = SqliteDatabase.Open(_file + "1", create: true);
        known.Execute(Version1);
        Assert.Equal(known.Number("PRAGMA user_version"), made.Number("PRAGMA user_version"));
        Assert.Equal(known.Number("PRAGMA application_id"), made.Number("PRAGMA application_id"));
    }

    [Fact]
    public void steps_are_taken_once_and_in_order_and_a_failed_one_leaves_the_file_as_it_was()
    {
        Make(Version1);
        using var database = SqliteDatabase.Open(_file, create: false);
        string[] steps = ["never taken", "CREATE TABLE two (a)", "INSERT INTO two VALUES (2)", "INSERT INTO two VALUES (3)"];
        Assert.Throws<VenueDataException>(
            () => SqliteVenueSchema.Require(database, [.. steps[..3], "INSERT INTO two VALUES (9); nonsense"]));
        Assert.Equal((3, 2), (database.Number("PRAGMA user_version"), database.Number("SELECT sum(a) FROM two")));
        for (var i = 0; i < 2; i++)
        {
            SqliteVenueSchema.Require(database, steps);
            Assert.Equal((4, 5), (database.Number("PRAGMA user_version"), database.Number("SELECT sum(a) FROM two")));
        }
    }

    [Fact]
    public void a_newer_file_is_refused()
    {
        Make(Version1 + "PRAGMA user_version = 1000;");
        Assert.Contains(
            "is of version 1000", Assert.Throws<VenueDataException>(Open).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CREATE TABLE mine (a)")]
    [InlineData("PRAGMA user_version = 1")]
    public void another_programs_file_is_refused_and_not_touched(string content)
    {
        Make(content);
        var before = File.ReadAllBytes(_file);
        Assert.Contains(
            "not a venue server's", Assert.Throws<VenueDataException>(Open).Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_file));
    }

    [Fact]
    public void what_is_no_database_is_refused()
    {
        File.WriteAllText(_file, new string('x', 5_000));
        Assert.Contains(
            "give the file of a venue server", Assert.Throws<VenueDataException>(Open).Message, StringComparison.Ordinal);
    }

    void Make(string sql)
    {
        using var database = SqliteDatabase.Open(_file, create: true);
        database.Execute(sql);
    }

    SqliteVenueStore Open() => SqliteVenueStore.Open(_file, TestVenue.Clock, NullLogger.Instance);
}
