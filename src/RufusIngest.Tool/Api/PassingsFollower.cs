using System.Globalization;
using RufusIngest.Cloud;

namespace RufusIngest.Tool.Api;

/// <summary>Shows a device's passings as they arrive at the server.</summary>
sealed class PassingsFollower(Terminal terminal, DeviceFeed feed, bool json)
{
    static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(30);

    readonly Queue<CloudPassing> _tail = new();
    readonly Listing<CloudPassing> _listing = new(terminal, Columns.Passings, json);
    string? _session;

    /// <summary>How many of the passings already there are shown first.</summary>
    public required int Tail { get; init; }

    /// <summary>Between two questions.</summary>
    public required TimeSpan Every { get; init; }

    /// <summary>End when everything that is there was shown.</summary>
    public bool Once { get; init; }

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        try
        {
            await ReadTailAsync(cancellation).ConfigureAwait(false);
            while (!Once)
            {
                await Task.Delay(Every, cancellation).ConfigureAwait(false);
                await ReadPatientlyAsync(Write, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl-C is how it ends.
        }

        if (feed.Position is { } position && !json)
            terminal.Say($"go on after this with --session {position.TokenSession} --last {position.Last}.");
        if (feed.UncertainJumps > 0)
        {
            terminal.Say(
                "rufus-ingest: the server does not say when sessions were opened: others may have been between those shown.");
        }

        return ExitCode.Done;
    }

    /// <summary>Shows the end of what is there; also when it was ended meanwhile, for it says where to go on.</summary>
    async Task ReadTailAsync(CancellationToken cancellation)
    {
        try
        {
            await ReadPatientlyAsync(Tail == int.MaxValue ? Write : KeepTail, cancellation).ConfigureAwait(false);
        }
        finally
        {
            foreach (CloudPassing passing in _tail)
                Write(passing);
        }
    }

    void KeepTail(CloudPassing passing)
    {
        _tail.Enqueue(passing);
        if (_tail.Count > Tail)
            _tail.Dequeue();
    }

    /// <summary>Reads what is new; goes on trying where that may help.</summary>
    async Task ReadPatientlyAsync(Action<CloudPassing> take, CancellationToken cancellation)
    {
        if (Once)
        {
            await ReadAsync().ConfigureAwait(false);
            return;
        }

        await new Patience(TimeProvider.System, Every, MaxDelay).AskAsync(
            ReadAsync, (failure, _) => terminal.Say($"rufus-ingest: {failure.Message} Asking again."), cancellation)
            .ConfigureAwait(false);

        async Task<bool> ReadAsync()
        {
            await foreach (CloudPassing passing in feed.ReadAsync(cancellation).ConfigureAwait(false))
                take(passing);
            return true;
        }
    }

    void Write(CloudPassing passing)
    {
        if (json)
        {
            _listing.WriteJson(passing);
            return;
        }

        if (passing.TokenSession != _session)
            terminal.Say($"session {_session = passing.TokenSession}:");
        terminal.Print(string.Create(
            CultureInfo.InvariantCulture,
            $"{passing.Number,8}  {(passing.Timestamp is { } time ? Column<CloudPassing>.Time(time) : ""),-24}  "
            + $"{passing.Bib,-10}  {passing.Chip}").TrimEnd());
    }
}
