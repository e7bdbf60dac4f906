using System.Globalization;
using RufusIngest.Passings;
using RufusIngest.Records;

namespace RufusIngest.Tool;

/// <summary>
/// Events as lines for the people at the mat. What each chip of a crowd can bring about is said a few times a minute at
/// most; the rest is counted. Not thread-safe.
/// </summary>
sealed class EventLines(Action<string> say, Func<TimeSpan> clock)
{
    /// <summary>Lines about single chips in a minute.</summary>
    public const int MostPerMinute = 10;

    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    TimeSpan _minute = TimeSpan.MinValue;
    int _said;
    long _unsaid;

    public void Say(in TimingEvent told, IngestSettings settings)
    {
        string location = settings.Locations[told.Location].Name;
        string reader = told.Reader < 0 ? "" : settings.Readers[told.Reader].Name;
        string? line = told.Kind switch
        {
            TimingEventKind.Gun => $"gun at {Times.Utc(told.Time)}.",
            TimingEventKind.Marker => $"marker at {Times.Utc(told.Time)}.",
            TimingEventKind.ClockAhead =>
                $"reader {reader} is far ahead ({Times.Utc(told.Time)}): check its clock and zone.",
            TimingEventKind.ClockBehind =>
                $"reader {reader} is {Seconds(told.Shift)} behind: its passings may come late; check its clock and zone.",
            TimingEventKind.ClockStep => $"the clock of reader {reader} was set by {Seconds(told.Shift)}.",
            TimingEventKind.FramingLost =>
                $"reader {reader} sent a length that cannot be: what follows cannot be read, the connection is ended.",
            _ => null,
        };
        if (line is not null)
            say($"{location}: {line}");
        else if (ChipLine(told, settings.Chips) is { } chipLine)
            SaySeldom($"{location}: {chipLine}");
    }

    static string? ChipLine(in TimingEvent told, ChipTable chips)
    {
        string who = chips.TryGetBib(told.Passing.Chip, out string bib) ? bib : told.Passing.Chip.ToString();
        return told.Kind switch
        {
            TimingEventKind.ParkedStarted =>
                $"{who} has been read without pause since {Times.Utc(told.Passing.First)}: does its chip lie at the mat?",
            TimingEventKind.ParkedLeft => $"{who} has moved on; last read at {Times.Utc(told.Passing.Last)}.",
            TimingEventKind.BurstSuppressed when told.Reason == ReadOutcome.AfterBackup =>
                $"{who} has passing {told.Number} from the backup line; the primary line read it at "
                + $"{Times.Utc(told.Time)}, too late to count.",
            _ => null,
        };
    }

    void SaySeldom(string line)
    {
        TimeSpan now = clock();
        if (now - Minute >= _minute)
        {
            if (_unsaid > 0)
                say($"… and {_unsaid:N0} more events of single chips.");
            (_minute, _said, _unsaid) = (now, 0, 0);
        }

        if (_said < MostPerMinute)
        {
            _said++;
            say(line);
        }
        else
        {
            _unsaid++;
        }
    }

    static string Seconds(TimeSpan span) => span.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s";
}
