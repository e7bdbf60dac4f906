using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary>The settings of a journal and those of the command line: what the journal knows stays, the rest follows.</summary>
static class JoinedSettings
{
    /// <exception cref="ToolException">A reader that the journal knows is meant otherwise now.</exception>
    public static IngestSettings Of(IngestSettings? kept, IngestSettings given)
    {
        if (kept is null)
            return given;
        foreach (ReaderSettings reader in given.Readers)
        {
            ReaderSettings? before = kept.Readers.FirstOrDefault(known => known.Name == reader.Name);
            if (before is not null && !IsSame(before, reader))
            {
                throw ToolException.BadInput(
                    $"the journal has reader {reader.Name} with another protocol, location, zone or date; a journal cannot "
                    + "change them. Use another file.");
            }
        }

        return given with
        {
            Locations =
            [
                .. kept.Locations.Select(
                    location => given.Locations.FirstOrDefault(now => now.Name == location.Name) ?? location),
                .. given.Locations.Where(location => kept.Locations.All(known => known.Name != location.Name)),
            ],
            Readers =
            [
                .. kept.Readers,
                .. given.Readers.Where(reader => kept.Readers.All(known => known.Name != reader.Name)),
            ],
            Limits = kept.Limits,
            // A restart without the list of bibs is a slip, not a wish to forget it.
            Chips = given.Chips.Pairs.Any() ? given.Chips : kept.Chips,
        };
    }

    static bool IsSame(ReaderSettings a, ReaderSettings b) =>
        Json(a).AsSpan().SequenceEqual(Json(b));

    static byte[] Json(ReaderSettings reader) => new IngestSettings
    {
        Locations = [],
        Readers = [reader],
    }.ToUtf8Json();
}
