namespace RufusIngest.Tests.Support;

/// <summary>The files of a <see cref="SimulatedDisk"/> at one moment, with what was not synced.</summary>
sealed class DiskSnapshot
{
    readonly Dictionary<string, SimulatedFile> _seen;
    readonly Dictionary<string, SimulatedFile> _durable;

    public DiskSnapshot(Dictionary<string, SimulatedFile> seen, Dictionary<string, SimulatedFile> durable)
    {
        (_seen, _durable) = Copy(seen, durable);
    }

    public static DiskSnapshot Empty { get; } = new([], []);

    /// <summary>Files of one's own, as they were.</summary>
    public (Dictionary<string, SimulatedFile> Seen, Dictionary<string, SimulatedFile> Durable) Copy() =>
        Copy(_seen, _durable);

    static (Dictionary<string, SimulatedFile>, Dictionary<string, SimulatedFile>) Copy(
        Dictionary<string, SimulatedFile> seen, Dictionary<string, SimulatedFile> durable)
    {
        // A file that stands in both stays one file.
        var copies = seen.Values.Union(durable.Values).ToDictionary(file => file, file => file.Clone());
        return (seen.ToDictionary(entry => entry.Key, entry => copies[entry.Value]),
            durable.ToDictionary(entry => entry.Key, entry => copies[entry.Value]));
    }
}
