using Microsoft.Extensions.Logging.Abstractions;
using RufusIngest.Server;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Server;

public sealed class PostgresVenueSchemaTests : IDisposable
{
    /// <summary>A schema of version 1 as it was released, with a company, a device, two sessions and a passing.</summary>
    const string Version1 = """
        CREATE TABLE companies (
            id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text COLLATE "C" NOT NULL UNIQUE);
        CREATE TABLE keys (
            hash bytea PRIMARY KEY, company integer NOT NULL REFERENCES companies, name text COLLATE "C" NOT NULL,
            access integer NOT NULL, created_ms bigint NOT NULL, UNIQUE (company, name));
        CREATE TABLE devices (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, company integer NOT NULL REFERENCES companies,
            device_id text COLLATE "C" NOT NULL UNIQUE, serial_number bytea NOT NULL, model bytea NOT NULL, type bytea,
            alias bytea, firmware bytea, created_ms bigint NOT NULL, written_ms bigint NOT NULL, unbound_ms bigint);
        CREATE UNIQUE INDEX devices_bound ON devices (company, sha256(serial_number)) WHERE unbound_ms IS NULL;
        CREATE TABLE sessions (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, device bigint NOT NULL REFERENCES devices,
            token text COLLATE "C" NOT NULL UNIQUE, alias bytea, created_ms bigint NOT NULL, closed_ms bigint,
            passings bigint NOT NULL DEFAULT 0, first_ms bigint, last_ms bigint);
        CREATE INDEX sessions_device ON sessions (device, id);
        CREATE UNIQUE INDEX sessions_active ON sessions (device) WHERE closed_ms IS NULL;
        CREATE TABLE passings (
            session bigint NOT NULL, number bigint NOT NULL, time_ms bigint NOT NULL, bib bytea, chip bytea,
            latitude bytea, longitude bytea, status bytea, participant_id bytea, timezone bytea, gender bytea,
            PRIMARY KEY (session, number));
        CREATE TABLE spans (
            session bigint NOT NULL, block bigint NOT NULL, first_ms bigint NOT NULL, last_ms bigint NOT NULL,
            PRIMARY KEY (session, block));
        CREATE TABLE venue_schema (one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL);
        INSERT INTO venue_schema (version) VALUES (1);
        INSERT INTO companies (name) VALUES ('default');
        INSERT INTO keys VALUES ('\x01', 1, 'first', 7, 5);
        INSERT INTO devices (company, device_id, serial_number, model, alias, created_ms, written_ms)
            VALUES (1, 'D', 'S', 'M', 'A', 5, 9);
        INSERT INTO sessions (device, token, alias, created_ms, closed_ms, passings, first_ms, last_ms)
            VALUES (1, 'OLD', NULL, 6, 7, 1, 1000, 1000), (1, 'NEW', 'Race', 7, NULL, 0, NULL, NULL);
        INSERT INTO passings (session, number, time_ms, bib, gender) VALUES (1, 3, 1000, '12', 'F');
        INSERT INTO spans VALUES (1, 0, 1000, 1000);
        """;

    readonly PostgresSchema _schema = PostgresSchema.New();

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _schema.Dispose();

    [Fact]
    public async Task a_schema_of_version_1_is_used_as_it_is()
    {
        _schema.Execute(Version1);
        await using var store = await OpenAsync();
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
    public async Task an_empty_schema_becomes_one_of_the_newest_version()
    {
        await using (var store = await OpenAsync())
            Assert.True((await store.BindAsync(await store.CompanyAsync("c"), new("S", "M", null, null, null))).IsNew);
        var made = _schema.Value("SELECT version FROM venue_schema");
        using var known = PostgresSchema.New();
        known.Execute(Version1);
        Assert.Equal(known.Value("SELECT version FROM venue_schema"), made);
    }

    [Fact]
    public async Task steps_are_taken_once_and_in_order_and_a_failed_one_leaves_the_schema_as_it_was()
    {
        _schema.Execute(Version1);
        await using var database = await PostgresDatabase.OpenAsync(_schema.ConnectionString, Cancelled);
        string[] steps = ["never taken", "CREATE TABLE two (a int)", "INSERT INTO two VALUES (2)", "INSERT INTO two VALUES (3)"];
        await Assert.ThrowsAsync<VenueDataException>(
            () => PostgresVenueSchema.RequireAsync(database, [.. steps[..3], "INSERT INTO two VALUES (9); nonsense"]));
        Assert.Equal((3, 2L), (_schema.Value("SELECT version FROM venue_schema"), _schema.Value("SELECT sum(a) FROM two")));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostgresVenueSchema.RequireAsync(database, steps)));
        Assert.Equal((4, 5L), (_schema.Value("SELECT version FROM venue_schema"), _schema.Value("SELECT sum(a) FROM two")));
    }

    [Fact]
    public async Task a_newer_schema_is_refused()
    {
        _schema.Execute(Version1 + "UPDATE venue_schema SET version = 1000");
        var refused = await Assert.ThrowsAsync<VenueDataException>(OpenAsync);
        Assert.Contains("of version 1000", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.MayHeal);
    }

    [Theory]
    [InlineData("CREATE TABLE mine (a int)")]
    [InlineData("CREATE TABLE venue_schema (a int)")]
    [InlineData("CREATE TABLE venue_schema (one int, version int)")]
    public async Task another_programs_schema_is_refused_and_not_touched(string content)
    {
        const string Tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
        _schema.Execute(content);
        var refused = await Assert.ThrowsAsync<VenueDataException>(OpenAsync);
        Assert.Contains("not a venue server's", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1L, _schema.Value(Tables));
    }

    [Fact]
    public async Task hosts_that_start_at_once_make_the_tables_once()
    {
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync()));
        var companies = await Task.WhenAll(stores.Select(store => store.CompanyAsync("one").AsTask()));
        Assert.Single(companies.Distinct());
        foreach (var store in stores)
            await store.DisposeAsync();
    }

    Task<PostgresVenueStore> OpenAsync() => PostgresVenueStore.OpenAsync(
        _schema.ConnectionString, TestVenue.Clock, NullLogger.Instance, Cancelled);
}
