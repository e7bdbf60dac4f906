using RufusIngest.Cloud;

namespace RufusIngest.Tool;

/// <summary>Gets each location a session at the server: the one named, or a new one of its device.</summary>
static class CloudSessions
{
    const string Model = "RufusIngest";

    /// <summary>Tokens by location. Opening a session closes the one its device has active.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> OpenAsync(
        Terminal terminal, RufusCloudClient cloud, IReadOnlyList<ReaderSpec> readers, bool quiet,
        CancellationToken cancellation)
    {
        Dictionary<string, string> tokens = [];
        foreach (var location in readers.GroupBy(reader => reader.Location))
        {
            string? session = TheOne(location.Select(reader => reader.Session), location.Key, "session");
            string? device = TheOne(location.Select(reader => reader.Device), location.Key, "device");
            if (session is null)
            {
                device ??= await cloud.BindDeviceAsync(
                    Model, $"rufus-ingest-{location.Key}", location.Key, cancellationToken: cancellation)
                    .ConfigureAwait(false);
                session = await cloud.OpenSessionAsync(device, location.Key, cancellation).ConfigureAwait(false);
                if (!quiet)
                    terminal.Say($"{location.Key}: opened session {session} of device {device}.");
            }

            tokens[location.Key] = session;
        }

        return tokens;
    }

    static string? TheOne(IEnumerable<string?> values, string location, string what)
    {
        string[] given = [.. values.OfType<string>().Distinct()];
        return given.Length <= 1
            ? given.FirstOrDefault()
            : throw ToolException.BadInput($"the readers of location {location} name different {what}s.");
    }
}
