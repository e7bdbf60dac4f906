using System.Globalization;

namespace RufusIngest.Journal;

/// <summary>Findings up to a bound; those beyond it are counted.</summary>
sealed class FindingList
{
    public const int Most = 1000;

    readonly List<JournalFinding> _list = [];
    long _more;

    public bool HasDamage => _list.Exists(finding => finding.Kind != JournalFindingKind.UnfinishedCommit);

    public bool Has(JournalFindingKind kind) => _list.Exists(finding => finding.Kind == kind);

    public void Add(JournalFinding finding)
    {
        if (_list.Count < Most - 1)
            _list.Add(finding);
        else
            _more++;
    }

    public void Add(JournalFindingKind kind, string words) => Add(new JournalFinding { Kind = kind, Words = words });

    public void AddSession(string? location, int session, string words) => Add(new JournalFinding
    {
        Kind = JournalFindingKind.Session,
        Location = location,
        Session = session,
        Words = words,
    });

    /// <summary>Records that are not there, or not what was written.</summary>
    public void AddRecords(long first, long last, bool found) => Add(new JournalFinding
    {
        Kind = JournalFindingKind.Records,
        First = first,
        Last = last,
        Words = Range("record", first, last) + (found ? " changed" : " missing"),
    });

    /// <summary>Kept passings that are not there, or not what was written.</summary>
    public void AddPassings(ScannedSession session, long first, long last) => Add(new JournalFinding
    {
        Kind = JournalFindingKind.Passings,
        First = first,
        Last = last,
        Location = session.Location,
        Session = session.Number,
        Words = $"of {session.Name}, {Range("kept passing", first, last)} changed or missing",
    });

    public List<JournalFinding> ToList()
    {
        List<JournalFinding> list = [.. _list];
        if (_more > 0)
        {
            list.Add(new JournalFinding
            {
                Kind = JournalFindingKind.Structure,
                Words = string.Create(CultureInfo.InvariantCulture, $"{_more} more findings"),
            });
        }

        return list;
    }

    static string Range(string what, long first, long last)
    {
        if (last == 0)
            return string.Create(CultureInfo.InvariantCulture, $"{what}s after {first - 1} may be");
        return first == last
            ? string.Create(CultureInfo.InvariantCulture, $"{what} {first} is")
            : string.Create(CultureInfo.InvariantCulture, $"{what}s {first} to {last} ({last - first + 1}) are");
    }
}
