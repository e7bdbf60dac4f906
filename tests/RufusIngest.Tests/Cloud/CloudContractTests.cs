using Microsoft.Extensions.Time.Testing;
using RufusIngest.Cloud;
using RufusIngest.Server;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

/// <summary>The same over a file.</summary>
public sealed class CloudContractOnSqliteTests : CloudContractTests, ISqliteVenueTests;

/// <summary>The same over a database.</summary>
public sealed class CloudContractOnPostgresTests : CloudContractTests, IPostgresVenueTests;

/// <summary>Every operation of the client against the venue server, in each envelope and with each key header.</summary>
public class CloudContractTests
{
    static readonly DateTimeOffset Nine = new(2026, 5, 3, 9, 0, 0, 125, TimeSpan.Zero);

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<CloudEnvelope, bool, bool> Dresses
    {
        get
        {
            TheoryData<CloudEnvelope, bool, bool> dresses = [];
            foreach (CloudEnvelope envelope in Enum.GetValues<CloudEnvelope>())
            {
                dresses.Add(envelope, true, true);
                dresses.Add(envelope, true, false);
                dresses.Add(envelope, false, true);
            }

            return dresses;
        }
    }

    [Theory]
    [MemberData(nameof(Dresses))]
    public async Task a_race_from_binding_to_unbinding(CloudEnvelope envelope, bool apiKey, bool xApiKey)
    {
        await using Contract contract = await Contract.StartAsync(envelope, apiKey, xApiKey);
        RufusCloudClient cloud = contract.Cloud;
        string device = await cloud.BindDeviceAsync("M", "S-1", "Finish", "1.2", "Decoder", Cancelled);
        Assert.Equal(device, await cloud.BindDeviceAsync("M", "S-1", "Finish", "1.2", "Decoder", Cancelled));
        CloudDevice listed = Assert.Single(await cloud.GetDevicesAsync(Cancelled).ToListAsync(Cancelled));
        Assert.Equal((device, "M", "S-1", "Finish", "1.2", "Decoder"), (listed.DeviceId, listed.Model,
            listed.SerialNumber, listed.Alias, listed.Firmware, listed.Type));
        Assert.Null(await cloud.GetActiveSessionAsync(device, Cancelled));
        Assert.Empty(await cloud.GetSessionsAsync(device, Cancelled).ToListAsync(Cancelled));

        string token = await cloud.OpenSessionAsync(device, "Race", Cancelled);
        Assert.Equal(token, (await cloud.GetActiveSessionAsync(device, Cancelled))?.TokenSession);
        Assert.Equal(new(3, 0), await cloud.InsertPassingsAsync(token, Passings(1, 3), Cancelled));
        Assert.Equal(new(1, 2), await cloud.InsertPassingsAsync(token, Passings(2, 3), Cancelled));
        CloudSession session = await cloud.GetSessionAsync(token, Cancelled);
        Assert.Equal((token, "Race", true, 4, Nine.AddSeconds(1), Nine.AddSeconds(4)), (session.TokenSession, session.Alias,
            session.Active, session.Passings, session.First, session.Last));
        CloudPassing[] stored = [.. Passings(1, 4).Select(sent => sent with { TokenSession = token, DeviceId = device })];
        Assert.Equal(stored, await cloud.GetSessionPassingsAsync(token, null, null, Cancelled).ToListAsync(Cancelled));
        Assert.Equal(stored[1..3], await cloud.GetSessionPassingsAsync(token, 2, 3, Cancelled).ToListAsync(Cancelled));
        Assert.Equal(stored[1..3], await cloud
            .GetDevicePassingsAsync(device, Nine.AddSeconds(2), Nine.AddSeconds(3), Cancelled).ToListAsync(Cancelled));
        FeedPage page = await cloud.GetFeedPageAsync(device, new(token, 2), cancellationToken: Cancelled);
        Assert.Equal((token, "Race", 2), (page.TokenSession, page.Label, page.ResumedFrom));
        Assert.Equal([3, 4], page.Passings.Select(passing => passing.Number!.Value));

        await cloud.CloseSessionAsync(token, Cancelled);
        await FailsAsync(RufusFailure.SessionGone, () => cloud.InsertPassingsAsync(token, Passings(5, 1), Cancelled));
        await cloud.CloseSessionAsync(token, Cancelled);
        CloudDevice told = await cloud.GetDeviceAsync(device, Cancelled);
        Assert.Equal((device, 1, 4), (told.DeviceId, told.Sessions, told.Passings));
        CloudEvent shown = Assert.Single(await cloud.GetEventsAsync(Cancelled).ToListAsync(Cancelled));
        Assert.Equal(("E1", "Cross"), (shown.EventToken, shown.Name));
        await cloud.UnbindDeviceAsync(device, Cancelled);
        Assert.Empty(await cloud.GetDevicesAsync(Cancelled).ToListAsync(Cancelled));
        await FailsAsync(RufusFailure.NotFound, () => cloud.GetDeviceAsync(device, Cancelled));
    }

    [Theory]
    [MemberData(nameof(Dresses))]
    public async Task a_device_is_followed_across_sessions(CloudEnvelope envelope, bool apiKey, bool xApiKey)
    {
        await using Contract contract = await Contract.StartAsync(envelope, apiKey, xApiKey);
        RufusCloudClient cloud = contract.Cloud;
        string device = await cloud.BindDeviceAsync("M", "S-1", cancellationToken: Cancelled);
        DeviceFeed feed = new(cloud, device);
        Assert.Empty(await feed.ReadAsync(Cancelled).ToListAsync(Cancelled));
        string first = await cloud.OpenSessionAsync(device, null, Cancelled);
        await cloud.InsertPassingsAsync(first, Passings(1, 2), Cancelled);
        Assert.Equal(2, await feed.ReadAsync(Cancelled).CountAsync(Cancelled));
        await cloud.InsertPassingsAsync(first, Passings(3, 2), Cancelled);
        contract.Clock.Advance(TimeSpan.FromSeconds(1));
        string second = await cloud.OpenSessionAsync(device, null, Cancelled);
        await cloud.InsertPassingsAsync(second, Passings(1, 1), Cancelled);
        contract.Clock.Advance(TimeSpan.FromSeconds(1));
        string third = await cloud.OpenSessionAsync(device, null, Cancelled);
        await cloud.InsertPassingsAsync(third, Passings(1, 1), Cancelled);
        Assert.Equal(
            [(first, 3), (first, 4), (second, 1), (third, 1)],
            await feed.ReadAsync(Cancelled).Select(passing => (passing.TokenSession!, passing.Number!.Value))
                .ToListAsync(Cancelled));
        Assert.Equal(0, feed.UncertainJumps);
        Assert.False((await cloud.GetSessionAsync(first, Cancelled)).Active);
    }

    [Theory]
    [MemberData(nameof(Dresses))]
    public async Task what_is_not_there_and_what_is_not_allowed(CloudEnvelope envelope, bool apiKey, bool xApiKey)
    {
        await using Contract contract = await Contract.StartAsync(envelope, apiKey, xApiKey);
        RufusCloudClient cloud = contract.Cloud;
        await FailsAsync(RufusFailure.NotFound, () => cloud.GetDeviceAsync("none", Cancelled));
        await FailsAsync(RufusFailure.NotFound, () => cloud.UnbindDeviceAsync("none", Cancelled));
        await FailsAsync(RufusFailure.NotFound, () => cloud.OpenSessionAsync("none", null, Cancelled));
        await FailsAsync(RufusFailure.NotFound, () => cloud.CloseSessionAsync("none", Cancelled));
        await FailsAsync(RufusFailure.NotFound, () => cloud.GetSessionAsync("none", Cancelled));
        await FailsAsync(RufusFailure.NotFound, () => cloud.GetFeedPageAsync("none", cancellationToken: Cancelled));
        await FailsAsync(RufusFailure.SessionGone, () => cloud.InsertPassingsAsync("none", Passings(1, 1), Cancelled));
        Assert.Empty(await cloud.GetSessionPassingsAsync("none", null, null, Cancelled).ToListAsync(Cancelled));
        Assert.Empty(await cloud.GetDevicePassingsAsync("none", null, null, Cancelled).ToListAsync(Cancelled));

        string device = await cloud.BindDeviceAsync("M", "S-1", cancellationToken: Cancelled);
        RufusCloudClient reader = contract.With(TestVenue.ReadKey);
        RufusCloudClient writer = contract.With(TestVenue.WriteKey);
        await FailsAsync(RufusFailure.PermissionMissing, () => reader.OpenSessionAsync(device, null, Cancelled));
        await FailsAsync(RufusFailure.PermissionMissing, () => writer.GetDeviceAsync(device, Cancelled));
        await FailsAsync(RufusFailure.PermissionMissing, () => contract.With(TestVenue.ReadWriteKey)
            .UnbindDeviceAsync(device, Cancelled));
        await FailsAsync(RufusFailure.KeyRefused, () => contract.With("ror-ffffffffffffffffffff")
            .GetDeviceAsync(device, Cancelled));
    }

    static CloudPassing[] Passings(int first, int count) =>
    [
        .. Enumerable.Range(first, count).Select(number => new CloudPassing
        {
            Number = number,
            Bib = $"{100 + number}",
            Chip = $"58A{number}",
            Timestamp = Nine.AddSeconds(number),
            Latitude = 40.5,
            Longitude = -3.25,
            Status = "Sent",
            ParticipantId = $"p{number}",
            TimeZone = "CET",
            Gender = "F",
        }),
    ];

    static async Task FailsAsync(RufusFailure failure, Func<Task> call) =>
        Assert.Equal(failure, (await Assert.ThrowsAsync<RufusCloudException>(call)).Failure);

    /// <summary>A venue server with its clock, and clients that speak to it in one way.</summary>
    sealed class Contract : IAsyncDisposable
    {
        const string AllKey = "ror-0000000000000000000e";

        readonly VenueServer _server;
        readonly VenueServerOptions _stored;
        readonly HttpClient _http;
        readonly RufusCloudOptions _options;

        Contract(
            VenueServer server, VenueServerOptions stored, RufusCloudOptions options, FakeTimeProvider clock)
        {
            _server = server;
            _stored = stored;
            _options = options;
            _http = RufusCloudClient.CreateHttpClient(server.BaseAddress);
            Clock = clock;
            Cloud = With(AllKey);
        }

        public FakeTimeProvider Clock { get; }

        public RufusCloudClient Cloud { get; }

        public static async Task<Contract> StartAsync(CloudEnvelope envelope, bool apiKey, bool xApiKey)
        {
            FakeTimeProvider clock = new(Nine);
            VenueServerOptions options = TestVenue.Options with
            {
                Keys = [.. TestVenue.Options.Keys, new("all", AllKey, VenueAccess.ReadWrite | VenueAccess.Unbind)],
                Profile = new() { Envelope = envelope, ApiKeyHeader = apiKey, XApiKeyHeader = xApiKey },
                Events = [new("E1", "Cross")],
                TimeProvider = clock,
            };
            options = VenueData.Stored(options);
            return new(
                await VenueServer.StartAsync(options, Cancelled),
                options,
                new() { SendApiKeyHeader = apiKey, SendXApiKeyHeader = xApiKey },
                clock);
        }

        public RufusCloudClient With(string key) => new(_http, key, _options);

        public async ValueTask DisposeAsync()
        {
            _http.Dispose();
            await _server.DisposeAsync();
            VenueData.Remove(_stored);
        }
    }
}
