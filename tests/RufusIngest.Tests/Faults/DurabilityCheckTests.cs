using System.Text;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Faults;

public sealed class DurabilityCheckTests
{
    const string Wal = "120</race/day.journal-wal>";
    const string Socket = "130<socket:[4711]>";

    static string Passing(int number) =>
        $$"""{"bib":"7","num_passing":{{number}},"timestamp":"2026-05-03T09:00:00.{{number:000}}Z"}""";

    static string Frame(bool last) =>
        $"""11 pwrite64({Wal}, "\0\0\0\3\0\0\0\{(last ? 5 : 0)}{new string('x', 16)}", 24, 32) = 24""";

    static string Page(params IEnumerable<int> numbers)
    {
        string text = string.Join(',', numbers.Select(Passing));
        return $"""11 pwrite64({Wal}, "{Quoted(text)}\0", {text.Length + 1}, 56) = {text.Length + 1}""";
    }

    static string Sync => $"11 fdatasync({Wal}) = 0";

    static string Post(params IEnumerable<int> numbers)
    {
        string body = $$"""{"token_session":"T","passings_list":[{{string.Join(',', numbers.Select(Passing))}}]}""";
        string head = $"POST /v0/passings HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: {body.Length}\\r\\n\\r\\n";
        return $$"""12 sendmsg({{Socket}}, {msg_name=NULL, msg_iov=[{iov_base="{{head}}", iov_len=9}, """
            + $$"""{iov_base="{{Quoted(body)}}", iov_len=9}], msg_iovlen=2}, MSG_NOSIGNAL) = 100000""";
    }

    static string Quoted(string text) => text.Replace("\"", "\\\"", StringComparison.Ordinal);

    static DurabilityReport Check(params string[] lines) => DurabilityCheck.Run(SystemTrace.Parse(lines));

    [Fact]
    public void A_post_behind_the_sync_of_its_commit_is_good()
    {
        DurabilityReport report = Check(Frame(false), Page(1), Frame(true), Page(2), Sync, Post(1, 2));
        Assert.Empty(report.Violations);
        Assert.Equal((1, 2, 2, 1), (report.Posts, report.Passings, report.Traced, report.Syncs));
    }

    [Fact]
    public void A_post_without_a_sync_is_found()
    {
        DurabilityReport report = Check(Sync, Frame(true), Page(1), Post(1), Sync);
        Assert.Equal(
            ["Line 4, POST of 1 passings: no sync of the write-ahead log between its commit (line 3) and it."],
            report.Violations);
    }

    [Fact]
    public void A_sync_before_the_commits_last_frame_does_not_count()
    {
        DurabilityReport report = Check(Frame(false), Page(1), Sync, Frame(true), Page(2), Post(1));
        Assert.Single(report.Violations);
    }

    [Fact]
    public void A_commit_that_goes_on_when_its_passing_leaves_is_found()
    {
        Assert.Single(Check(Frame(false), Page(1), Sync, Post(1), Frame(true), Page(2), Sync).Violations);
        Assert.Single(Check(Frame(false), Page(1), Sync, Post(1)).Violations);
    }

    [Fact]
    public void A_sync_that_failed_or_is_of_another_file_does_not_count()
    {
        Assert.Single(Check(Frame(true), Page(1), $"11 fdatasync({Wal}) = -1 EIO (Input/output error)", Post(1))
            .Violations);
        Assert.Single(Check(Frame(true), Page(1), "11 fdatasync(9</race/day.journal>) = 0", Post(1)).Violations);
    }

    [Fact]
    public void A_sync_counts_from_its_end_and_covers_what_was_written_before_it_began()
    {
        string[] late =
        [
            Frame(true), Page(1), $"11 fdatasync({Wal} <unfinished ...>", Post(1), "11 <... fdatasync resumed>) = 0",
        ];
        Assert.Single(Check(late).Violations);
        string page = Page(1);
        string[] early =
        [
            Frame(true), page[..page.LastIndexOf(')')] + " <unfinished ...>", $"13 fdatasync({Wal}) = 0",
            "11 <... pwrite64 resumed>) = 4096", Post(1),
        ];
        Assert.Single(Check(early).Violations);
    }

    [Fact]
    public void Unsynced_writes_of_a_later_commit_are_no_concern_of_an_earlier_post()
    {
        // The page is written again with the passing that was there before.
        DurabilityReport report = Check(Frame(true), Page(1), Sync, Frame(true), Page(1, 2), Post(1), Sync, Post(2));
        Assert.Empty(report.Violations);
        Assert.Equal(2, report.Posts);
    }

    [Fact]
    public void A_post_of_passings_that_were_never_written_is_found()
    {
        DurabilityReport report = Check(Frame(true), Page(1), Sync, Post(1), Post(2));
        Assert.Equal(
            ["Line 5, POST of 1 passings: none of its passings is in the write-ahead log."], report.Violations);
    }

    [Fact]
    public void A_post_that_leaves_in_pieces_counts_from_its_first()
    {
        string post = Post(1).Replace("12 sendmsg(", "12 sendto(", StringComparison.Ordinal);
        int cut = post.IndexOf("\"token_session", StringComparison.Ordinal) - 2;
        string[] pieces =
        [
            $"""{post[..cut]}", 99, 0, NULL, 0) = 99999""",
            $"""12 sendto({Socket}, "{post[cut..]}""",
        ];
        Assert.Empty(Check([Frame(true), Page(1), Sync, .. pieces]).Violations);
        Assert.Single(Check([Frame(true), Page(1), pieces[0], Sync, pieces[1]]).Violations);
    }

    [Fact]
    public void A_trace_with_cut_strings_is_not_taken_for_good()
    {
        string page = Page(1).Replace("\\0\",", "\\0\"...,", StringComparison.Ordinal);
        string violation = Assert.Single(Check(Frame(true), page, Sync, Post(1)).Violations);
        Assert.Contains("(-s)", violation, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_of_a_real_trace_are_understood()
    {
        IReadOnlyList<TraceCall> calls = SystemTrace.Parse(
        [
            "15 openat(AT_FDCWD</work>, \"/a b\\n/c\", O_RDONLY) = 3</a b\\n/c>",
            "[pid    16] write(1<pipe:[1]>, \"\\33[1m\\1772\\\"\\\\\", 7 <unfinished ...>",
            "15 +++ exited with 0 +++",
            "15 --- SIGCHLD {si_signo=SIGCHLD} ---",
            "16 <... write resumed>) = 7",
            "17 fsync(4</x> <unfinished ...>",
            "17 +++ killed by SIGKILL +++",
            "strace: Process 18 attached",
        ]);
        Assert.Equal(["openat", "write", "fsync"], calls.Select(call => call.Name));
        Assert.Equal("/a b\n/c", Encoding.Latin1.GetString(calls[0].Data));
        Assert.Equal(("pipe:[1]", 2, 5, 7L), (calls[1].Path, calls[1].Begin, calls[1].End, calls[1].Result));
        Assert.Equal("\e[1m\u007f2\"\\"[..7], Encoding.Latin1.GetString(calls[1].Data));
        Assert.Equal(("/x", -1L, 9), (calls[2].Path, calls[2].Result, calls[2].End));
    }
}
