using System.Globalization;
using System.Text;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Journal;

/// <summary>
/// Whatever happens to the bytes: nothing crashes, nothing is invented, and what is not there as written is reported.
/// </summary>
public sealed class DamageTests : IDisposable
{
    static readonly KnownJournal s_closed = KnownJournal.Make(closed: true);
    static readonly KnownJournal s_open = KnownJournal.Make(closed: false);

    readonly TempFolder _folder = new();
    int _case;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_known_journals_are_what_the_other_tests_need()
    {
        Assert.InRange(s_closed.Records.Count, 600, 1000);
        Assert.Equal(["START/1", "FINISH/1", "FINISH/2"], s_closed.Items.Keys);
        Assert.All(s_closed.Items.Values, items => Assert.InRange(items.Count, 200, 2000));
        Assert.Equal(s_closed.Records, s_open.Records);
        Assert.InRange(s_open.Log.Length, 50_000, 2_000_000);
        foreach (KnownJournal known in (KnownJournal[])[s_closed, s_open])
        {
            string path = KnownJournal.Write(_folder, $"{_case++}", known.File, known.Log);
            JournalReport report = JournalCheck.Run(path, TestContext.Current.CancellationToken);
            Assert.Empty(report.Findings);
            Assert.True(report.IsSound);
            Assert.Equal((known.Records.Count, 1, known.Records.Count), (report.Records, report.FirstSequence, report.LastSequence));
            Assert.Equal((known.Items.Values.Sum(items => items.Count), 3), (report.Passings, report.Sessions));
        }
    }

    [Fact]
    public void A_cut_at_any_page_or_odd_byte_is_reported()
    {
        for (int cut = 0; cut < s_closed.File.Length; cut += 4096)
            Judge(s_closed, s_closed.File[..cut], []);
        for (int cut = 0; cut < s_open.File.Length; cut += 4096 * 3)
            Judge(s_open, s_open.File[..(cut + 1234)], s_open.Log);
        for (int cut = 32; cut < s_open.Log.Length; cut += 4096 + 24)
        {
            Judge(s_open, s_open.File, s_open.Log[..cut], isLogCut: true);
            Judge(s_open, s_open.File, s_open.Log[..(cut + 777)], isLogCut: true);
        }

        Judge(s_open, s_open.File, s_open.Log[..17], isLogCut: true);
        Judge(s_closed, s_closed.File[..777], []);
    }

    [Theory]
    [InlineData(1, 150)]
    [InlineData(2, 150)]
    public void Flipped_bytes_are_reported_where_they_change_anything(int seed, int cases)
    {
        // More for once: RUFUS_FLIPS=20000.
        if (int.TryParse(Environment.GetEnvironmentVariable("RUFUS_FLIPS"), CultureInfo.InvariantCulture, out int more))
            cases = more / 2;
        Random random = new(seed);
        for (int i = 0; i < cases; i++)
        {
            KnownJournal known = random.Next(2) == 0 ? s_closed : s_open;
            byte[] file = [.. known.File];
            byte[] log = [.. known.Log];
            bool inLog = random.Next(2) == 0 && log.Length > 0;
            string where = Flip(random, inLog ? log : file);
            Judge(known, file, log, $"of seed {seed}, case {i}, {(inLog ? "log" : "file")} {where}");
        }
    }

    [Fact]
    public void A_log_cut_exactly_at_a_commit_opens_with_fewer_records_and_nothing_in_the_file_tells()
    {
        string path = KnownJournal.Write(_folder, "cut", s_open.File, s_open.Log);
        WalLook look = WalLook.Read(path + "-wal", 4096)!;
        int half = Enumerable.Range(0, look.Committed / 2).Last(frame => look.Frames[frame].IsCommit);
        File.WriteAllBytes(path + "-wal", s_open.Log[..(int)(look.PageOffset(half) + 4096)]);
        JournalReport report = JournalCheck.Run(path, TestContext.Current.CancellationToken);
        Assert.Empty(report.Findings);
        Assert.InRange(report.LastSequence, 1, s_open.Records.Count - 1);
        using SqliteJournal journal = SqliteJournal.Open(path);
        Assert.Equal(report.LastSequence, journal.LastSequence);
    }

    [Fact]
    public void A_flip_in_the_midst_of_the_log_hides_commits_from_sqlite_but_not_from_the_check()
    {
        byte[] log = [.. s_open.Log];
        log[32 + 24 + 2000] ^= 1;
        string path = KnownJournal.Write(_folder, "log", s_open.File, log);
        JournalReport report = JournalCheck.Run(path, TestContext.Current.CancellationToken);
        Assert.Contains(report.Findings, finding => finding.Kind == JournalFindingKind.WriteAheadLog);
        Assert.Equal(s_open.Records.Count, report.LastSequence);
        JournalException refused = Assert.Throws<JournalException>(() => SqliteJournal.Open(path));
        Assert.Equal(JournalProblem.Damaged, refused.Problem);
        Assert.Equal(log, File.ReadAllBytes(path + "-wal"));
    }

    [Theory]
    [InlineData(18)]
    [InlineData(4073)]
    public void A_flip_that_only_keeps_sqlite_from_writing_is_reported(int at)
    {
        // The version that may write; a comma in the columns of the table that names the holder.
        byte[] file = [.. s_closed.File];
        file[at] ^= 1 << 6;
        Judge(s_closed, file, []);
        JournalReport report = JournalCheck.Run(
            KnownJournal.Write(_folder, "flipped", file, []), TestContext.Current.CancellationToken);
        Assert.Contains(report.Findings, finding => finding.Kind == JournalFindingKind.Structure);
        Assert.Equal(s_closed.Records.Count, report.Records);
    }

    [Fact]
    public void What_is_no_database_at_all_is_one_finding()
    {
        string path = KnownJournal.Write(_folder, "text", Encoding.UTF8.GetBytes(new string('x', 9000)), []);
        JournalFinding finding = Assert.Single(JournalCheck.Run(path, TestContext.Current.CancellationToken).Findings);
        Assert.Equal(JournalFindingKind.NotReadable, finding.Kind);
    }

    [Fact]
    public void A_journal_in_use_is_not_checked()
    {
        string path = _folder.File("used");
        using SqliteJournal journal = SqliteJournal.Open(path);
        JournalException refused = Assert.Throws<JournalException>(
            () => JournalCheck.Run(path, TestContext.Current.CancellationToken));
        Assert.Equal(JournalProblem.Held, refused.Problem);
    }

    static string Flip(Random random, byte[] bytes)
    {
        int kind = random.Next(4);
        int at = kind switch
        {
            0 => random.Next(Math.Min(bytes.Length, 4096)),
            1 => Math.Min((random.Next(bytes.Length / 4096) * 4096) + random.Next(40), bytes.Length - 1),
            _ => random.Next(bytes.Length),
        };
        int length = kind == 2 ? Math.Min(random.Next(1, 6000), bytes.Length - at) : 1;
        if (kind == 2)
            random.NextBytes(bytes.AsSpan(at, length));
        else
            bytes[at] ^= (byte)(1 << random.Next(8));
        return $"at {at}, {length} bytes";
    }

    void Judge(KnownJournal known, byte[] file, byte[] log, string name = "", bool isLogCut = false)
    {
        string path = KnownJournal.Write(_folder, $"{_case++}", file, log);
        try
        {
            JournalReport report = JournalCheck.Run(path, TestContext.Current.CancellationToken);
            Assert.Equal(file, File.ReadAllBytes(path));
            Assert.True(log.Length == 0 || log.AsSpan().SequenceEqual(File.ReadAllBytes(path + "-wal")));
            HashSet<long> found = Scan(known, path);
            bool isWhole = OpensWhole(known, path);
            // A cut exactly at a commit is the one loss that nothing in the files tells.
            if (isLogCut && report.Findings.Count == 0)
                return;
            Assert.True(isWhole || report.Findings.Count > 0, "a change is not reported");
            for (int i = 1; i <= known.Records.Count; i++)
                Assert.True(found.Contains(i) || Reports(report, i), $"record {i} is not reported");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new InvalidOperationException($"case {_case - 1} {name}: {e.Message}", e);
        }
        finally
        {
            foreach (string end in (string[])["", "-wal", "-shm", "-lock"])
                File.Delete(path + end);
        }
    }

    static bool Reports(JournalReport report, long sequence) => report.Findings.Any(finding => finding.Kind switch
    {
        JournalFindingKind.Records => sequence >= finding.First && (finding.Last == 0 || sequence <= finding.Last),
        // At the end there is nothing behind to tell how many are missing.
        _ => sequence > report.LastSequence,
    });

    static HashSet<long> Scan(KnownJournal known, string path)
    {
        HashSet<long> found = [];
        using JournalScan scan = JournalScan.Open(path, TestContext.Current.CancellationToken);
        scan.ReadRecords(
            new FindingList(),
            (in IngestRecord record) =>
            {
                Assert.Equal(known.Records[(int)record.Sequence - 1], KnownJournal.Text(record));
                Assert.True(found.Add(record.Sequence));
            });
        foreach (ScannedSession session in scan.Sessions)
        {
            List<string>? items = known.Items.Values.ElementAtOrDefault((int)session.Id - 1);
            scan.ReadPassings(
                session,
                new FindingList(),
                (number, item) => Assert.Equal(items![number - 1], Encoding.UTF8.GetString(item)));
            if (session.IsTrusted)
                Assert.Equal(known.Items.Keys.ElementAt((int)session.Id - 1), session.Name);
            Assert.True(!session.IsTrusted || session.Token is null || session.Token == KnownJournal.TokenOf(session.Name));
        }

        return found;
    }

    /// <summary>Opens it as ingest does: what it hands out before it refuses must be what was written.</summary>
    static bool OpensWhole(KnownJournal known, string path)
    {
        long last = 0;
        int passings = 0;
        bool isWhole = true;
        try
        {
            using SqliteJournal journal = SqliteJournal.Open(path);
            journal.Replay(
                (in IngestRecord record) =>
                {
                    Assert.Equal(++last, record.Sequence);
                    Assert.Equal(known.Records[(int)last - 1], KnownJournal.Text(record));
                },
                TestContext.Current.CancellationToken);
            foreach (StoredSession session in journal.GetSessions())
            {
                List<string> truth = known.Items[$"{session.Location}/{session.Session}"];
                List<string> items = StageRun.Items(journal, session.Location, session.Session);
                Assert.Equal(truth[..items.Count], items);
                passings += items.Count;
                isWhole &= session.Token == KnownJournal.TokenOf($"{session.Location}/{session.Session}");
            }
        }
        catch (JournalException)
        {
            return false;
        }

        return isWhole && last == known.Records.Count && passings == known.Items.Values.Sum(items => items.Count);
    }
}
