using System.Text;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;

namespace RufusIngest.Tool.Cleaning;

/// <summary>A read of the story.</summary>
sealed record StoryRead(ChipRead Read, long Time, ReadFate Told);

/// <summary>An event of the story, and how many of its reads came before it.</summary>
sealed record StoryEvent(TimingEvent Told, int ReadsBefore);

/// <summary>Reads that were one burst in the end, with the passing it became or the event that suppressed it.</summary>
sealed record StoryBurst(IReadOnlyList<StoryRead> Reads, FinalFate Fate, Passing? Passing, TimingEvent? Suppressed)
{
    /// <summary>The instant that its policy chose, also where it counts for nothing; null: none was chosen.</summary>
    public long? Record => Passing?.Time ?? Suppressed?.Passing.Time;
}

/// <summary>All that is told of one athlete: reads in the order in which they came, events between them, passings.</summary>
sealed class ChipStory
{
    const int MostSuggestions = 5;

    readonly string _asked;
    readonly HashSet<ChipCode> _chips;
    readonly HashSet<ChipCode> _others = [];
    readonly List<StoryRead> _reads = [];
    readonly List<StoryEvent> _events = [];
    readonly List<Passing> _passings = [];
    readonly Dictionary<long, TimingEvent> _suppressed = [];
    readonly BurstLedger _ledger = new();

    ChipStory(string asked, string? bib, IEnumerable<ChipCode> chips)
    {
        _asked = asked;
        _chips = [.. chips];
        Bib = bib;
    }

    /// <summary>The athlete's bib; null: the chip has none.</summary>
    public string? Bib { get; }

    /// <summary>The chips, all that the athlete wears.</summary>
    public IEnumerable<ChipCode> Chips => _chips;

    public IReadOnlyList<StoryRead> Reads => _reads;

    public IReadOnlyList<StoryEvent> Events => _events;

    public IReadOnlyList<Passing> Passings => _passings;

    /// <summary>A story of a bib or, where no chip has that bib, of a chip.</summary>
    public static ChipStory Of(string asked, ChipTable chips)
    {
        string? bib = chips.Pairs.Any(pair => pair.Value == asked) ? asked : null;
        bool isChip = ChipCode.TryFromText(Encoding.UTF8.GetBytes(asked), out ChipCode chip);
        if (bib is null && isChip && chips.TryGetBib(chip, out string found))
            bib = found;
        if (bib is not null)
            return new ChipStory(asked, bib, chips.Pairs.Where(pair => pair.Value == bib).Select(pair => pair.Key));
        return isChip
            ? new ChipStory(asked, null, [chip])
            : throw ToolException.BadInput(
                $"'{asked}' is neither a bib of the list (--bibs) nor a chip code (1 to 30 bytes of text, or up to 60 hex "
                + "digits).");
    }

    public void Add(int reader, in ChipRead read, long time, in ReadFate fate)
    {
        if (_chips.Contains(read.Chip))
            _reads.Add(new StoryRead(read, time, fate));
        else if (read.Kind == ReadKind.Chip)
            _others.Add(read.Chip);
    }

    public void Add(Passing passing)
    {
        if (!_chips.Contains(passing.Chip))
            return;
        _passings.Add(passing);
        _ledger.Add(passing);
    }

    public void Add(TimingEvent told)
    {
        // Events about passings and bursts say the chip there; those of a lone read are told by its outcome.
        if (told.Passing.Chip.IsEmpty || !_chips.Contains(told.Passing.Chip))
            return;
        _events.Add(new StoryEvent(told, _reads.Count));
        _ledger.Add(told);
        if (told.Kind == TimingEventKind.BurstSuppressed)
            _suppressed[told.Passing.Burst] = told;
    }

    /// <summary>Ends the command where there is nothing to tell, and says what could be asked for.</summary>
    public void RequireReads()
    {
        if (_reads.Count > 0)
            return;
        string[] known =
        [
            .. _others.Select(chip => chip.ToString())
                .OrderByDescending(chip => chip.Contains(_asked, StringComparison.OrdinalIgnoreCase))
                .ThenBy(chip => chip, StringComparer.Ordinal),
        ];
        string hint = known.Length == 0 ? "there are no reads at all."
            : $"give one of the {known.Length:N0} chips that were read, such as "
                + $"{string.Join(", ", known.Take(MostSuggestions))}, or a bib with --bibs.";
        throw ToolException.BadInput($"there is no read of {Describe()}: {hint}");
    }

    /// <summary>Chip and bib in words.</summary>
    public string Describe() =>
        $"chip{(_chips.Count > 1 ? "s" : "")} {string.Join(", ", _chips)}{(Bib is null ? "" : $", bib {Bib}")}";

    public FinalFate FinalOf(StoryRead read) => _ledger.Final(read.Told);

    /// <summary>
    /// The bursts in order of time. Reads in a dead time, late ones and those of a filter belong to none.
    /// </summary>
    public IReadOnlyList<StoryBurst> Bursts()
    {
        var byPassing = _passings.ToDictionary(passing => (passing.Session, passing.Number));
        var bursts =
            from read in _reads
            let fate = FinalOf(read)
            let isTaken = fate.Outcome is ReadOutcome.Opened or ReadOutcome.NotGated or ReadOutcome.SameBurst
            where isTaken || (fate.Burst != 0 && fate.Outcome is not (ReadOutcome.DeadTime or ReadOutcome.BeforeDecided))
            // What came when the burst was decided already is known by the passing only.
            group read by isTaken && fate.Number != 0 ? (fate.Session, fate.Number, 0L) : (0, 0, fate.Burst) into burst
            orderby burst.Min(read => read.Time)
            select ToBurst([.. burst.OrderBy(read => read.Time)]);
        return [.. bursts];

        StoryBurst ToBurst(StoryRead[] reads)
        {
            FinalFate fate = FinalOf(reads[0]);
            bool isPassing = reads.Any(read => OutcomeWords.IsPassing(FinalOf(read).Outcome));
            return new StoryBurst(
                reads,
                fate,
                isPassing && byPassing.TryGetValue((fate.Session, fate.Number), out Passing passing) ? passing : null,
                _suppressed.TryGetValue(fate.Burst, out TimingEvent told) ? told : null);
        }
    }
}
