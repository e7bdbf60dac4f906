using System.Text;
using RufusIngest.Journal;
using RufusIngest.Passings;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Journal;

/// <summary>What a repaired journal holds, and what numbers it gives when the race goes on with it.</summary>
public sealed class JournalRepairTests : IDisposable
{
    static readonly KnownJournal s_known = KnownJournal.Make(closed: true);

    readonly TempFolder _folder = new();

    string Path => _folder.File("damaged");

    string NewPath => _folder.File("repaired");

    public void Dispose() => _folder.Dispose();

    /// <summary>Damages a copy of the known journal and repairs it; the damaged one must stay as it is.</summary>
    JournalReport Repair(Action<SqliteDatabase>? damage, Action<byte[]>? flip = null)
    {
        KnownJournal.Write(_folder, "damaged", s_known.File, []);
        if (damage is not null)
        {
            using SqliteDatabase database = SqliteDatabase.Open(Path, readOnly: false, vfs: null);
            database.Execute("PRAGMA journal_mode = DELETE");
            damage(database);
        }

        byte[] bytes = File.ReadAllBytes(Path);
        flip?.Invoke(bytes);
        File.WriteAllBytes(Path, bytes);
        JournalReport report = JournalRepair.Run(
            Path, NewPath, null, [PlainParser.Protocol], TestContext.Current.CancellationToken);
        Assert.Equal(bytes, File.ReadAllBytes(Path));
        Assert.Equal(NewPath, report.RepairedPath);
        Assert.Equal([Path, NewPath], Directory.GetFiles(System.IO.Path.GetDirectoryName(Path)!).Order());
        return report;
    }

    /// <summary>Flips a byte within a blob, as a disk would.</summary>
    static void FlipBlob(SqliteDatabase database, string table, long id, int at) => database.Execute(
        $"UPDATE {table} SET data = CAST(substr(data, 1, {at}) || x'5A' || substr(data, {at + 2}) AS BLOB) "
        + $"WHERE rowid = {id}");

    static long RowWith(SqliteDatabase database, long sequence) =>
        database.Number($"SELECT max(first) FROM records WHERE first <= {sequence}");

    static List<string> Records(SqliteJournal journal)
    {
        List<string> list = [];
        journal.Replay((in IngestRecord record) => list.Add(KnownJournal.Text(record)));
        return list;
    }

    static int NumberOf(string item) => int.Parse(
        item.Split("\"num_passing\":")[1].Split(',', '}')[0], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>After going on: each number once, in order, and each passing at most once.</summary>
    static void RequireSound(List<string> items)
    {
        Assert.Equal(Enumerable.Range(1, items.Count), items.Select(NumberOf));
        List<string> bibs = [.. items.Where(item => item.Contains("bib", StringComparison.Ordinal)).Select(item => item.Split('"')[3])];
        Assert.Equal(bibs.Count, bibs.Distinct().Count());
    }

    [Fact]
    public void A_sound_journal_becomes_the_same_once_more()
    {
        JournalReport report = Repair(null);
        Assert.Empty(report.Findings);
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        using SqliteJournal before = SqliteJournal.Open(Path, new SqliteJournalOptions { ReadOnly = true });
        Assert.Equal(s_known.Records, Records(journal));
        Assert.Equal(before.GetSessions(), journal.GetSessions());
        Assert.Equal(3, journal.GetSessions().Count);
        foreach (StoredSession session in journal.GetSessions())
        {
            Assert.True(session.SetAside > 0);
            Assert.Equal(
                before.GetSetAside(session.Location, session.Session), journal.GetSetAside(session.Location, session.Session));
        }

        _ = new StageRun(journal);
        Assert.All(s_known.Items, pair => Assert.Equal(pair.Value, StageRun.Items(journal, pair.Key.Split('/')[0], pair.Key[^1] - '0')));
    }

    [Fact]
    public void A_changed_record_is_left_out_and_half_frames_on_both_sides_do_not_join()
    {
        long sequence = 300;
        while (!s_known.Records[(int)sequence - 1].StartsWith("Chunk", StringComparison.Ordinal)
            || !s_known.Records[(int)sequence].StartsWith("Chunk", StringComparison.Ordinal))
            sequence++;
        JournalReport report = Repair(database => FlipBlob(
            database, "records", RowWith(database, sequence), OffsetOf(database, sequence) + 20));
        JournalFinding lost = Assert.Single(report.Findings, finding => finding.Kind == JournalFindingKind.Records);
        Assert.Equal((sequence, sequence), (lost.First, lost.Last));
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        List<string> records = Records(journal);
        Assert.Equal(s_known.Records.Where((_, i) => i != sequence - 1), records.Where((_, i) =>
            i < sequence - 1 || i >= sequence - 1 + records.Count - s_known.Records.Count + 1));
        string[] made = [.. records.Skip((int)sequence - 1).Take(records.Count - s_known.Records.Count + 1).Select(record => record.Split(' ')[0])];
        Assert.Equal(["Disconnected", "Disconnected", "Disconnected", "Connected", "Connected", "Connected"], made);
        StageRun run = new(journal);
        foreach ((string name, List<string> kept) in s_known.Items)
        {
            // Everything was sent: nothing new, nothing under another number, no chip that nobody wears.
            Assert.Equal(kept, run.Items(name.Split('/')[0], name[^1] - '0'));
        }
    }

    [Fact]
    public void New_passings_are_numbered_above_what_was_kept()
    {
        Repair(database => FlipBlob(database, "records", RowWith(database, 200), 30));
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        StageRun run = new(journal);
        int last = s_known.Items["FINISH/2"].Count;
        run.Chunk(1, 5000, CoreRun.Line("late", 5000));
        run.Apply(RecordKind.Paused, 1);
        List<string> items = run.Items("FINISH", 2);
        Assert.Equal(s_known.Items["FINISH/2"], items[..last]);
        Assert.Contains("\"bib\":\"late\",\"num_passing\":" + (last + 1), Assert.Single(items[last..]), StringComparison.Ordinal);
    }

    [Fact]
    public void Records_before_and_behind_a_damaged_leaf_page_are_kept()
    {
        int page = 0;
        JournalReport report = Repair(
            database => page = LeafPage(database, "records", 5),
            bytes => bytes.AsSpan((page - 1) * 4096, 4096).Fill(0xA5));
        JournalFinding lost = Assert.Single(report.Findings, finding => finding.Kind == JournalFindingKind.Records);
        Assert.InRange(lost.Last - lost.First, 5, 200);
        Assert.Equal(s_known.Records.Count - (lost.Last - lost.First + 1), report.Records);
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        StageRun run = new(journal);
        foreach ((string name, List<string> kept) in s_known.Items)
            Assert.Equal(kept, run.Items(name.Split('/')[0], name[^1] - '0'));
    }

    [Fact]
    public void A_changed_row_of_passings_comes_again_from_the_records_and_is_sent_again()
    {
        JournalReport report = Repair(database => FlipBlob(database, "passings", FirstPassing(database, 2, 100), 40));
        JournalFinding lost = Assert.Single(report.Findings);
        Assert.Equal((JournalFindingKind.Passings, "FINISH", 1), (lost.Kind, lost.Location, lost.Session));
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        Assert.Equal(lost.First - 1, journal.GetSessions()[1].LastNumber);
        Assert.Equal(lost.First - 1, journal.GetSessions()[1].AcknowledgedNumber);
        StageRun run = new(journal);
        Assert.Equal(s_known.Items["FINISH/1"], run.Items());
    }

    [Fact]
    public void With_records_lost_as_well_no_number_of_a_lost_passing_is_given_again()
    {
        JournalReport report = Repair(database =>
        {
            FlipBlob(database, "records", RowWith(database, 20), 30);
            FlipBlob(database, "passings", FirstPassing(database, 2, 100), 40);
        });
        JournalFinding lost = Assert.Single(report.Findings, finding => finding.Kind == JournalFindingKind.Passings);
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        StageRun run = new(journal);
        List<string> items = run.Items();
        List<string> kept = s_known.Items["FINISH/1"];
        int first = (int)lost.First;
        int last = (int)lost.Last;
        Assert.Equal(kept[..(first - 1)], items[..(first - 1)]);
        Assert.Equal(kept[last..], items[last..kept.Count]);
        Assert.Equal($"{{\"num_passing\":{first}}}", items[first - 1]);
        RequireSound(items);
        // They were acknowledged: nothing that says nothing is ever sent.
        Assert.InRange(journal.GetSessions()[1].AcknowledgedNumber, last, kept.Count);
    }

    [Fact]
    public void Lost_numbers_that_were_not_acknowledged_are_set_aside_and_what_is_known_goes_above()
    {
        int count = s_known.Items["FINISH/2"].Count;
        JournalReport report = Repair(database =>
        {
            FlipBlob(database, "records", RowWith(database, 20), 30);
            FlipBlob(database, "passings", FirstPassing(database, 3, count), 40);
        });
        Assert.Single(report.Findings, finding => finding.Kind == JournalFindingKind.Passings);
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        StoredSession before = journal.GetSessions()[2];
        Assert.Equal(count, before.AcknowledgedNumber);
        Assert.Contains(journal.GetSetAside("FINISH", 2), passing => passing.Number == count);
        StageRun run = new(journal);
        RequireSound(run.Items("FINISH", 2));
        string[] bibs = [.. run.Items("FINISH", 2).Where(item => item.Contains("bib", StringComparison.Ordinal)).Select(item => item.Split('"')[3])];
        Assert.Equal(s_known.Items["FINISH/2"].Select(item => item.Split('"')[3]).Order(), bibs.Order());
    }

    [Fact]
    public void A_changed_session_row_keeps_its_cursor_when_the_passings_prove_it()
    {
        JournalReport report = Repair(database => database.Execute("UPDATE sessions SET token = 'tokem' WHERE id = 2"));
        JournalFinding changed = Assert.Single(report.Findings);
        Assert.Equal((JournalFindingKind.Session, "FINISH", 1), (changed.Kind, changed.Location, changed.Session));
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        StoredSession session = journal.GetSessions()[1];
        Assert.InRange(session.AcknowledgedNumber, 1, session.LastNumber);
        Assert.Equal(s_known.Items["FINISH/1"].Count, session.LastNumber);
    }

    [Fact]
    public void A_changed_cursor_falls_back_to_nothing_acknowledged()
    {
        Repair(database => database.Execute("UPDATE sessions SET acknowledged = acknowledged + 3 WHERE id = 2"));
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        StoredSession session = journal.GetSessions()[1];
        Assert.Equal((0, s_known.Items["FINISH/1"].Count), (session.AcknowledgedNumber, session.LastNumber));
    }

    [Fact]
    public void A_lost_session_row_gets_the_only_name_that_fits()
    {
        JournalReport report = Repair(database => database.Execute("DELETE FROM sessions WHERE id = 2"));
        Assert.All(report.Findings, finding => Assert.Equal(JournalFindingKind.Session, finding.Kind));
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        Assert.Equal(["START/1", "FINISH/1", "FINISH/2"], journal.GetSessions().Select(session => $"{session.Location}/{session.Session}"));
        Assert.Equal(s_known.Items["FINISH/1"], StageRun.Items(journal));
        Assert.Null(journal.GetSessions()[1].Token);
    }

    [Fact]
    public void A_session_that_began_in_a_gap_begins_there_again()
    {
        long closed = s_known.Records.FindIndex(record => record.StartsWith("SessionClosed", StringComparison.Ordinal)) + 1;
        JournalReport report = Repair(database => database.Execute($"DELETE FROM records WHERE first = {closed}"));
        Assert.Contains(report.Findings, finding => finding.Kind == JournalFindingKind.Repair
            && finding.Words.Contains("began session 2", StringComparison.Ordinal));
        using SqliteJournal journal = SqliteJournal.Open(NewPath);
        StageRun run = new(journal);
        foreach ((string name, List<string> kept) in s_known.Items)
            Assert.Equal(kept, run.Items(name.Split('/')[0], name[^1] - '0'));
    }

    [Fact]
    public void Without_settings_there_is_nothing_to_repair_and_with_later_ones_it_begins_there()
    {
        KnownJournal.Write(_folder, "damaged", s_known.File, []);
        using (SqliteDatabase database = SqliteDatabase.Open(Path, readOnly: false, vfs: null))
            database.Execute("DELETE FROM records WHERE first = 1");
        JournalException refused = Assert.Throws<JournalException>(
            () => JournalRepair.Run(Path, NewPath, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(JournalProblem.Damaged, refused.Problem);
        Assert.False(File.Exists(NewPath));

        string later = _folder.File("later");
        using (SqliteJournal journal = SqliteJournal.Open(later))
        {
            StageRun run = new(journal, ("mat", "FINISH"));
            run.Chunk(0, 1, CoreRun.Line("a", 1), CoreRun.Line("b", 2));
            run.Apply(RecordKind.Settings, 0, 0, CoreRun.SettingsOf(("mat", "FINISH"), ("more", "FINISH")).ToUtf8Json());
            run.Chunk(1, 3, CoreRun.Line("c", 3), CoreRun.Line("d", 4));
            run.Apply(RecordKind.Paused);
        }

        using (SqliteDatabase database = SqliteDatabase.Open(later, readOnly: false, vfs: null))
            database.Execute("UPDATE records SET data = x'00' WHERE first = 1");
        JournalReport report = JournalRepair.Run(
            later, NewPath, null, [PlainParser.Protocol], TestContext.Current.CancellationToken);
        Assert.Contains(report.Findings, finding => finding.Kind == JournalFindingKind.Repair
            && finding.Words.Contains("begins with record 3", StringComparison.Ordinal));
        using SqliteJournal repaired = SqliteJournal.Open(NewPath);
        StageRun again = new(repaired);
        Assert.Equal(["a", "b", "c", "d"], again.Items().Select(item => item.Split('"')[3]));
        RequireSound(again.Items());
    }

    [Fact]
    public void Nothing_is_written_over()
    {
        KnownJournal.Write(_folder, "damaged", s_known.File, []);
        File.WriteAllText(NewPath, "precious");
        Assert.Throws<JournalException>(
            () => JournalRepair.Run(Path, NewPath, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal("precious", File.ReadAllText(NewPath));
    }

    /// <summary>Where a record begins in its row.</summary>
    static int OffsetOf(SqliteDatabase database, long sequence)
    {
        long first = RowWith(database, sequence);
        return s_known.Records.Skip((int)first - 1).Take((int)(sequence - first)).Sum(record =>
            RecordBlock.HeaderLength + Convert.FromBase64String(record.Split(' ')[3]).Length);
    }

    static long FirstPassing(SqliteDatabase database, long session, int number) => database.Number(
        $"SELECT max(id) FROM passings WHERE id > {session << 32} AND id <= {PassingTable.Id(session, number)}");

    /// <summary>A leaf of a table's tree: the root is an interior page whose cells name them.</summary>
    static int LeafPage(SqliteDatabase database, string table, int which)
    {
        int root = (int)database.Number($"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'");
        ReadOnlySpan<byte> page = s_known.File.AsSpan((root - 1) * 4096, 4096);
        Assert.Equal(5, page[0]);
        int cell = System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(page[(12 + (which * 2))..]);
        return (int)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(page[cell..]);
    }
}
