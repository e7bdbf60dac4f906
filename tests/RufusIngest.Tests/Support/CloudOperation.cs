using RufusIngest.Cloud;

namespace RufusIngest.Tests.Support;

/// <summary>One operation of the client, so that a test can say something of all of them.</summary>
/// <param name="Name">What the test's report calls it.</param>
/// <param name="Method">HTTP method it uses.</param>
/// <param name="HasAnswer">False when the status alone is its answer.</param>
/// <param name="Call">Calls it to its end, with ids D and T.</param>
sealed record CloudOperation(
    string Name, string Method, bool HasAnswer, Func<RufusCloudClient, CancellationToken, Task> Call)
{
    static readonly CloudPassing Passing = new()
    {
        Number = 1,
        Bib = "7",
        Timestamp = new DateTimeOffset(2026, 5, 3, 9, 0, 0, TimeSpan.Zero),
    };

    public static IReadOnlyList<CloudOperation> All { get; } =
    [
        new("bind", "POST", true, (cloud, c) => cloud.BindDeviceAsync("M", "S", cancellationToken: c)),
        new("unbind", "DELETE", false, (cloud, c) => cloud.UnbindDeviceAsync("D", c)),
        new("devices", "GET", true, (cloud, c) => DrainAsync(cloud.GetDevicesAsync(c))),
        new("device", "GET", true, (cloud, c) => cloud.GetDeviceAsync("D", c)),
        new("open", "POST", true, (cloud, c) => cloud.OpenSessionAsync("D", null, c)),
        new("close", "PATCH", false, (cloud, c) => cloud.CloseSessionAsync("T", c)),
        new("sessions", "GET", true, (cloud, c) => DrainAsync(cloud.GetSessionsAsync("D", c))),
        new("active session", "GET", true, (cloud, c) => cloud.GetActiveSessionAsync("D", c)),
        new("session", "GET", true, (cloud, c) => cloud.GetSessionAsync("T", c)),
        new("insert", "POST", true, (cloud, c) => cloud.InsertPassingsAsync("T", [Passing], c)),
        new("session passings", "GET", true, (cloud, c) => DrainAsync(cloud.GetSessionPassingsAsync("T", 1, 9, c))),
        new("device passings", "GET", true, (cloud, c) => DrainAsync(cloud.GetDevicePassingsAsync("D", null, null, c))),
        new("feed page", "GET", true, (cloud, c) => cloud.GetFeedPageAsync("D", new("T", 4), cancellationToken: c)),
        new("feed", "GET", true, (cloud, c) => DrainAsync(new DeviceFeed(cloud, "D", new("T", 4)).ReadAsync(c))),
        new("events", "GET", true, (cloud, c) => DrainAsync(cloud.GetEventsAsync(c))),
        new("telemetry", "POST", false, (cloud, c) => cloud.SendTelemetryAsync(
            "D", new() { MeasuredAt = Passing.Timestamp!.Value }, c)),
        new("participants", "GET", true, (cloud, c) => DrainAsync(cloud.GetParticipantsAsync("E", c))),
        new("create participant", "POST", false, (cloud, c) => cloud.CreateParticipantAsync("E", new(), c)),
    ];

    /// <summary>Options with which every operation is on.</summary>
    public static RufusCloudOptions Options { get; } = new()
    {
        TelemetryRoute = new() { Path = "devices/{deviceid}/status" },
        ParticipantsRoute = new() { Path = "events/{event_token}/participants" },
        CreateParticipantRoute = new() { Path = "events/{event_token}/participants" },
    };

    public override string ToString() => Name;

    static async Task DrainAsync<T>(IAsyncEnumerable<T> items)
    {
        await foreach (T item in items)
            _ = item;
    }
}
