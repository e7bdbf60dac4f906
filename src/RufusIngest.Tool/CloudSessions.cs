using RufusIngest.Cloud;

namespace RufusIngest.Tool;

/// <summary>Gets each location a session at the server: the one named, or a new one of its device.</summary>
static class CloudSessions
{
    const string Model = "RufusIngest";

    /// <summary>Tokens by location. Opening a session closes the one its device has active.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> OpenAsync(
        Terminal terminal, RufusCloudClient cloud, IReadOnlyList<ReaderSpec> readers, LiveOptions options,
        CancellationToken cancellation)
    {
        Dictionary<string, string> tokens = [];
        foreach (var location in readers.GroupBy(reader => reader.Location))
        {
            string? session = GivenSession(location);
            if (session is not null)
            {
                await RequireEmptyAsync(cloud, location.Key, session, cancellation).ConfigureAwait(false);
            }
            else
            {
                (session, _) = await OpenOneAsync(terminal, cloud, location, options, [], false, cancellation)
                    .ConfigureAwait(false);
            }

            tokens[location.Key] = session;
        }

        return tokens;
    }

    /// <summary>Throws when readers of one location name different sessions or devices.</summary>
    public static void RequireConsistent(IReadOnlyList<ReaderSpec> readers)
    {
        foreach (var location in readers.GroupBy(reader => reader.Location))
        {
            _ = GivenSession(location);
            _ = TheOne(location.Select(reader => reader.Device), location.Key, "device");
        }
    }

    /// <summary>The token that the command line names for a location, or null.</summary>
    public static string? GivenSession(IGrouping<string, ReaderSpec> location) =>
        TheOne(location.Select(reader => reader.Session), location.Key, "session");

    /// <summary>The location's device: the one named, or one that is bound for it.</summary>
    public static async Task<string> DeviceOfAsync(
        RufusCloudClient cloud, IGrouping<string, ReaderSpec> location, CancellationToken cancellation) =>
        TheOne(location.Select(reader => reader.Device), location.Key, "device")
        ?? await cloud.BindDeviceAsync(
            Model, $"rufus-ingest-{location.Key}", location.Key, cancellationToken: cancellation).ConfigureAwait(false);

    /// <summary>
    /// Opens a session for a location; that closes the one its device has active, which must be one of our own, or
    /// somebody says that it may be.
    /// </summary>
    public static async Task<(string Token, string Device)> OpenOneAsync(
        Terminal terminal, RufusCloudClient cloud, IGrouping<string, ReaderSpec> location, LiveOptions options,
        IReadOnlyCollection<string> own, bool mayHaveOpened, CancellationToken cancellation)
    {
        string device = await DeviceOfAsync(cloud, location, cancellation).ConfigureAwait(false);
        if (!options.ReplaceActive)
        {
            // With a journal this happens beside the race, where nobody waits for a question.
            Func<string, bool?>? ask = options.Journal is null ? terminal.Ask : null;
            string? orphan = mayHaveOpened ? location.Key : null;
            await RequireReplaceableAsync(ask, cloud, device, own, orphan, cancellation).ConfigureAwait(false);
        }

        string session = await cloud.OpenSessionAsync(device, location.Key, cancellation).ConfigureAwait(false);
        if (!options.Quiet)
            terminal.Say($"{location.Key}: opened session {session} of device {device}.");
        return (session, device);
    }

    /// <summary>
    /// Numbers start at 1 with each run without a journal, so a session that has passings would take the new ones for
    /// repeats. A key that cannot read leaves it unknown.
    /// </summary>
    public static async Task RequireEmptyAsync(
        RufusCloudClient cloud, string location, string token, CancellationToken cancellation)
    {
        if (await SessionChecks.CountPassingsAsync(cloud, token, cancellation).ConfigureAwait(false) is > 0 and var count)
        {
            throw new ToolException(
                ExitCode.Refused,
                $"{location}: session {token} has {count} passings already, and this run would number from 1 "
                + "again; leave session= out to open a new one.");
        }
    }

    /// <summary>
    /// Ends the command when the device has a session open that is not our own and that nobody agrees to close, and when
    /// the key cannot see it.
    /// </summary>
    /// <param name="ask">Asks somebody; null: there is nobody.</param>
    /// <param name="cloud">Asks the server.</param>
    /// <param name="device">The device.</param>
    /// <param name="own">Tokens that may be closed.</param>
    /// <param name="orphan">Alias of an empty session that a request of ours without an answer may have opened.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task RequireReplaceableAsync(
        Func<string, bool?>? ask, RufusCloudClient cloud, string device, IReadOnlyCollection<string> own,
        string? orphan, CancellationToken cancellation)
    {
        string what;
        try
        {
            CloudSession? active = await cloud.GetActiveSessionAsync(device, cancellation).ConfigureAwait(false);
            if (active is null || own.Contains(active.TokenSession)
                || (orphan is not null && active.Alias == orphan && active.Passings == 0))
                return;
            what = $"device {device} has session {active.TokenSession} open"
                + (active.Alias is null ? "" : $" ({active.Alias})")
                + (active.Passings is null ? "" : $", with {active.Passings} passings")
                + "; a new one closes it";
        }
        catch (RufusCloudException exception)
            when (exception.Failure is RufusFailure.KeyRefused or RufusFailure.PermissionMissing)
        {
            what = $"this key cannot see whether device {device} has a session open, which a new one would close";
        }

        if (ask?.Invoke($"{what}. Open a new one?") != true)
            throw new ToolException(ExitCode.Refused, $"{what}: give --replace-active if that is meant.");
    }

    static string? TheOne(IEnumerable<string?> values, string location, string what)
    {
        string[] given = [.. values.OfType<string>().Distinct()];
        return given.Length <= 1
            ? given.FirstOrDefault()
            : throw ToolException.BadInput($"the readers of location {location} name different {what}s.");
    }
}
