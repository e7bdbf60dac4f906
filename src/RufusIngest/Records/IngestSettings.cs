using System.Text.Json;
using System.Text.Json.Serialization;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Reads;

namespace RufusIngest.Records;

/// <summary>A timing point: one RUFUS device. Readers, antennas and lines belong to it.</summary>
public sealed record LocationSettings
{
    /// <summary>Its name, unique in the event.</summary>
    public required string Name { get; init; }

    /// <summary>How its reads become passings.</summary>
    public GateOptions Gate { get; init; } = new();

    /// <summary>Which of its reads count at all. Default: all.</summary>
    public ReadFilter Filter { get; init; } = new();
}

/// <summary>A source of reads: one device or one of its connections.</summary>
public sealed record ReaderSettings
{
    /// <summary>Its name, unique in the event.</summary>
    public required string Name { get; init; }

    /// <summary>Name of its protocol.</summary>
    public required string Protocol { get; init; }

    /// <summary>Name of the location its reads belong to, as far as no point of it says otherwise.</summary>
    public required string Location { get; init; }

    /// <summary>They are of the location's backup line, as far as no point says otherwise.</summary>
    public bool IsBackup { get; init; }

    /// <summary>
    /// Parts of it that belong elsewhere: antennas, sub-readers, points that the protocol names. The first that matches a read
    /// decides its location and line. At most 255.
    /// </summary>
    public IReadOnlyList<PointSettings> Points { get; init; } = [];

    /// <summary>Zone of its wall clock, where the protocol states none. Default UTC.</summary>
    public ZoneRules Zone { get; init; } = ZoneRules.Utc;

    /// <summary>Date of date-less times where nothing else tells it.</summary>
    public DateOnly? SessionDate { get; init; }

    /// <summary>Added to every time of it, for a clock known to be wrong. The reader's own time stays as it is.</summary>
    public TimeSpan ClockCorrection { get; init; }

    /// <summary>Take a stated <c>Z</c> for local time: some firmware prints one beside local time.</summary>
    public bool IgnoreStatedZone { get; init; }

    /// <summary>Compare its chip codes without leading zeros.</summary>
    public bool StripLeadingZeros { get; init; }
}

/// <summary>
/// Everything that decides, beside the bytes, which passings come out. A record of its own, so that applying the
/// records again gives the same. Immutable.
/// </summary>
public sealed record IngestSettings
{
    /// <summary>The locations. A later settings record may append some and change gates and filters, not remove any.</summary>
    public required IReadOnlyList<LocationSettings> Locations { get; init; }

    /// <summary>The readers. A later settings record may append some, not change or remove any.</summary>
    public required IReadOnlyList<ReaderSettings> Readers { get; init; }

    /// <summary>Which bib a chip has. Decides from here on; what was numbered before stays.</summary>
    [JsonConverter(typeof(ChipTableConverter))]
    public ChipTable Chips { get; init; } = ChipTable.Empty;

    /// <summary>Bounds of the gate; those of the first settings record hold.</summary>
    public GateLimits Limits { get; init; } = new();

    /// <summary>A read further ahead of its arrival than this never moves time. Default 5 min.</summary>
    public TimeSpan MaxLead { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// A reader whose time lies further behind its records' arrival does not hold its location's time back, as long as
    /// another one holds it. Default 10 s.
    /// </summary>
    public TimeSpan MaxLag { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A reader's clock was set when its times differ from their arrival by this much more or less than before, and lastingly
    /// so. Default 1 s.
    /// </summary>
    public TimeSpan ClockStep { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a disconnected reader still holds back its location's time. Default 30 s.</summary>
    public TimeSpan ReaderLeaveTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The payload of a settings record.</summary>
    public byte[] ToUtf8Json() => JsonSerializer.SerializeToUtf8Bytes(this, SettingsJson.Default.IngestSettings);

    /// <summary>Reads the payload of a settings record.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static IngestSettings FromUtf8Json(ReadOnlySpan<byte> json) => SettingsReader.Read(json);

    /// <summary>
    /// These settings for a journal that has others: its locations and readers stay first, gates are as given here, and
    /// what it does not know follows. Its bibs stay when none are given here: a start without the list is a slip, not a
    /// wish to forget it.
    /// </summary>
    /// <param name="kept">The journal's; null: it has none yet.</param>
    /// <exception cref="ArgumentException">A reader that the journal knows is meant otherwise here.</exception>
    public IngestSettings GoingOnFrom(IngestSettings? kept)
    {
        if (kept is null)
            return this;
        foreach (ReaderSettings reader in Readers)
        {
            ReaderSettings? before = kept.Readers.FirstOrDefault(known => known.Name == reader.Name);
            if (before is not null && !IsSame(before, reader))
            {
                throw new ArgumentException(
                    $"the journal has reader {reader.Name} with another protocol, location, point, zone or date; a journal "
                    + "cannot change them. Use another file.");
            }
        }

        return this with
        {
            Locations =
            [
                .. kept.Locations.Select(
                    location => Locations.FirstOrDefault(now => now.Name == location.Name) ?? location),
                .. Locations.Where(location => kept.Locations.All(known => known.Name != location.Name)),
            ],
            Readers =
            [
                .. kept.Readers,
                .. Readers.Where(reader => kept.Readers.All(known => known.Name != reader.Name)),
            ],
            Limits = kept.Limits,
            Chips = Chips.Pairs.Any() ? Chips : kept.Chips,
        };
    }

    static bool IsSame(ReaderSettings a, ReaderSettings b) => Json(a).AsSpan().SequenceEqual(Json(b));

    static byte[] Json(ReaderSettings reader) => new IngestSettings { Locations = [], Readers = [reader] }.ToUtf8Json();

    /// <summary>Throws when something does not fit together; the message names it.</summary>
    internal void Validate(IReadOnlyList<ReaderProtocol> protocols)
    {
        RequireUnique(Locations.Select(location => location.Name), "location");
        RequireUnique(Readers.Select(reader => reader.Name), "reader");
        foreach (LocationSettings location in Locations)
        {
            if ((location.Gate.Problem ?? location.Filter.Problem) is { } problem)
                throw new ArgumentException($"Location '{location.Name}': {problem}");
        }

        if (Limits.Problem is { } limitProblem)
            throw new ArgumentException(limitProblem);
        if (MaxLag <= TimeSpan.Zero || ClockStep <= TimeSpan.Zero)
            throw new ArgumentException($"{nameof(MaxLag)} and {nameof(ClockStep)} must be above zero.");
        foreach (ReaderSettings reader in Readers)
        {
            RequireProtocol(reader, protocols);
            RequireLocation(reader, reader.Location);
            ValidatePoints(reader);
        }
    }

    static void RequireProtocol(ReaderSettings reader, IReadOnlyList<ReaderProtocol> protocols)
    {
        try
        {
            if (ReaderProtocol.Find(protocols, reader.Protocol) is null)
            {
                throw new ArgumentException(
                    $"Reader '{reader.Name}': there is no protocol '{reader.Protocol}'; "
                    + $"known are {string.Join(", ", protocols)}.");
            }
        }
        catch (FormatException exception)
        {
            throw new ArgumentException($"Reader '{reader.Name}': {exception.Message}", exception);
        }
    }

    void ValidatePoints(ReaderSettings reader)
    {
        if (reader.Points.Count > PointMap.MaxPoints)
            throw new ArgumentException($"Reader '{reader.Name}' has more than {PointMap.MaxPoints} points.");
        for (int i = 0; i < reader.Points.Count; i++)
        {
            if (reader.Points[i].Problem is { } problem)
                throw new ArgumentException($"Reader '{reader.Name}', point {i}: {problem}");
            RequireLocation(reader, reader.Points[i].Location ?? reader.Location);
        }
    }

    void RequireLocation(ReaderSettings reader, string name)
    {
        if (Locations.All(location => location.Name != name))
            throw new ArgumentException($"Reader '{reader.Name}': there is no location '{name}'.");
    }

    static void RequireUnique(IEnumerable<string> names, string what)
    {
        HashSet<string> seen = [];
        foreach (string name in names)
        {
            if (string.IsNullOrWhiteSpace(name))
                throw new ArgumentException($"A {what} has no name.");
            if (!seen.Add(name))
                throw new ArgumentException($"Two {what}s are named '{name}'.");
        }
    }
}

/// <summary>A manual entry as its record carries it.</summary>
sealed record ManualPassing(string Bib, long Time);

[JsonSerializable(typeof(IngestSettings))]
[JsonSerializable(typeof(ManualPassing))]
sealed partial class SettingsJson : JsonSerializerContext;

/// <summary>A chip table as an object of chip → bib.</summary>
sealed class ChipTableConverter : JsonConverter<ChipTable>
{
    public override ChipTable Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        List<KeyValuePair<ChipCode, string>> pairs = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ChipCode chip = ChipCode.FromText(reader.GetString()!);
            reader.Read();
            pairs.Add(KeyValuePair.Create(chip, reader.GetString() ?? ""));
        }

        return ChipTable.Create(pairs);
    }

    public override void Write(Utf8JsonWriter writer, ChipTable value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (chip, bib) in value.Pairs)
            writer.WriteString(chip.ToString(), bib);
        writer.WriteEndObject();
    }
}
