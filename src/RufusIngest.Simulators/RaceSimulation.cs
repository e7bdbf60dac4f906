namespace RufusIngest.Simulators;

/// <summary>
/// The three readers of a race as TCP servers on loopback. Race time starts for all of them with the first client of
/// any; whoever connects later gets what is due at once, since no reader sends before it has a client.
/// </summary>
public sealed class RaceSimulation : IAsyncDisposable
{
    private RaceSimulation(SimulatedReader[] readers)
    {
        Readers = readers;
        Completion = Task.WhenAll(readers.Select(reader => reader.Completion));
    }

    /// <summary>START (ipico), 5K (cloudbox), FINISH (ultra); owned and disposed by the simulation.</summary>
    public IReadOnlyList<SimulatedReader> Readers { get; }

    /// <summary>Ends when every reader has sent its last byte; cancelled if disposed before.</summary>
    public Task Completion { get; }

    /// <summary>The readers listen when this returns. Dispose the simulation to free their ports.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is outside the bounds it states.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">No loopback port could be opened.</exception>
    public static RaceSimulation Start(Race race, PlayOptions options)
    {
        options.Validate();
        var begin = race.Options.GunUtcMs - ScriptBuilder.OnBeforeGunMs;
        var clock = new PlayClock(options.TimeProvider, options.Speed, begin);
        return new RaceSimulation(
            [.. race.Scripts.Select(script => new SimulatedReader(script, clock, options.CutAfterReads))]);
    }

    /// <inheritdoc cref="SimulatedReader.DisposeAsync"/>
    public async ValueTask DisposeAsync()
    {
        foreach (var reader in Readers)
        {
            await reader.DisposeAsync().ConfigureAwait(false);
        }
    }
}
