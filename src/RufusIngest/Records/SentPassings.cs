using System.Text;
using System.Text.Json;
using RufusIngest.Passings;
using RufusIngest.Reads;

namespace RufusIngest.Records;

/// <summary>
/// The passings that stay as they were sent after a rebase. Each stands for at most one passing of the replay: the same
/// chip, or bib where there is none, in the same local session, at the nearest time within the dead time.
/// </summary>
sealed class SentPassings
{
    readonly Dictionary<(string Location, int Session), int> _lastNumbers = [];
    readonly Dictionary<(string Location, int Session, ChipCode Chip, string Bib), List<long>> _times = [];

    /// <summary>What the store's sessions have up to where they were rebased; null: none was.</summary>
    public static SentPassings? Read(PassingStore store)
    {
        SentPassings? sent = null;
        PassingItems items = new();
        foreach (StoredSession session in store.GetSessions().Where(session => session.RebasedNumber > 0))
        {
            sent ??= new SentPassings();
            sent._lastNumbers[(session.Location, session.Session)] = session.RebasedNumber;
            int number = 0;
            while (number < session.RebasedNumber && store.ReadPassings(
                session.Location, session.Session, number, Math.Min(1000, session.RebasedNumber - number), items) > 0)
            {
                for (int i = 0; i < items.Count; i++)
                    sent.Add(session.Location, session.Session, items.GetItem(i));
                number = items.LastNumber;
            }
        }

        return sent;
    }

    /// <summary>The number below which a session gives none; 0 when it was not rebased.</summary>
    public int LastNumber(string location, int session) => _lastNumbers.GetValueOrDefault((location, session));

    /// <summary>Whether a passing was sent before; what it matches matches no other.</summary>
    /// <param name="location">Name of the location.</param>
    /// <param name="passing">The passing, with its session.</param>
    /// <param name="jsonBib">Its bib as JSON text, or empty when the chip stands in.</param>
    /// <param name="tolerance">How far the times may be apart.</param>
    public bool TryTake(string location, in Passing passing, ReadOnlySpan<byte> jsonBib, TimeSpan tolerance)
    {
        // Sent times are cut to the millisecond.
        long most = Math.Max(tolerance.Ticks, TimeSpan.TicksPerMillisecond);
        if (!passing.Chip.IsEmpty && TryTake((location, passing.Session, passing.Chip, ""), passing.Time, most))
            return true;
        // Also what a server gave back without its chip.
        string bib = jsonBib.IsEmpty ? passing.Chip.ToString() : Unescape(jsonBib);
        return TryTake((location, passing.Session, default, bib), passing.Time, most);
    }

    bool TryTake((string, int, ChipCode, string) key, long time, long most)
    {
        if (!_times.TryGetValue(key, out List<long>? times))
            return false;
        long nearest = times.MinBy(sent => Math.Abs(sent - time));
        if (Math.Abs(nearest - time) > most)
            return false;
        times.Remove(nearest);
        if (times.Count == 0)
            _times.Remove(key);
        return true;
    }

    void Add(string location, int session, ReadOnlySpan<byte> item)
    {
        PassingContent content = PassingContent.Read(item);
        if (content.Time is not { } time)
            return; // A placeholder of a number whose content is not known.
        _ = ChipCode.TryFromText(Encoding.UTF8.GetBytes(content.Chip ?? ""), out ChipCode code);
        var key = (location, session, code, code.IsEmpty ? content.Bib ?? "" : "");
        if (!_times.TryGetValue(key, out List<long>? times))
            _times[key] = times = [];
        times.Add(EpochTime.FromUtc(time));
    }

    static string Unescape(ReadOnlySpan<byte> jsonText)
    {
        Utf8JsonReader reader = new(Encoding.UTF8.GetBytes($"\"{Encoding.UTF8.GetString(jsonText)}\""));
        return reader.Read() ? reader.GetString() ?? "" : "";
    }
}
