using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace RufusIngest.Tests.Support;

/// <summary>What a trace says of posts and the disk.</summary>
/// <param name="Posts">Requests that carried passings.</param>
/// <param name="Passings">Passings in them.</param>
/// <param name="Traced">Passings whose bytes were found in a commit of the write-ahead log.</param>
/// <param name="Syncs">Times the write-ahead log was made durable.</param>
/// <param name="Violations">Posts that left too early, and what made a post impossible to judge.</param>
sealed record DurabilityReport(
    int Posts, int Passings, int Traced, int Syncs, IReadOnlyList<string> Violations);

/// <summary>
/// Checks a trace of the whole process: the first byte of each POST of passings comes after an fsync or fdatasync of
/// the write-ahead log that began when the commit with these passings was written to its end. Commits are told apart
/// by the frames' headers (SQLite's file format: bytes 4 to 7 are not 0 in the last frame of a commit), passings are
/// found by their bytes.
/// </summary>
static partial class DurabilityCheck
{
    const int FrameHeader = 24;

    /// <summary>Bytes written up to a commit's last frame, and the line where the last of them was written.</summary>
    readonly record struct WalCommit(string Text, int End);

    sealed record Post(int Begin, IReadOnlyList<string> Passings);

    public static DurabilityReport Run(IReadOnlyList<TraceCall> calls)
    {
        List<TraceCall> wal = [.. calls.Where(call => call.Path.EndsWith("-wal", StringComparison.Ordinal))];
        List<TraceCall> syncs =
            [.. wal.Where(call => call.Name is "fsync" or "fdatasync" && call.Result == 0)];
        List<WalCommit> commits = Commits(wal.Where(IsWrite));
        List<Post> posts = [.. Posts(calls.Where(call => IsWrite(call)
            && (call.Path.StartsWith("socket:", StringComparison.Ordinal)
                || call.Path.StartsWith("TCP", StringComparison.Ordinal))))];
        List<string> violations = [];
        int traced = 0;
        foreach (Post post in posts)
        {
            int[] found = [.. post.Passings.Select(passing => EndOfCommit(commits, passing)).OfType<int>()];
            traced += found.Length;
            string? problem = found.Length == 0
                ? "none of its passings is in the write-ahead log"
                : Problem(post, found.Max(), syncs);
            if (problem is not null)
                violations.Add($"Line {post.Begin}, POST of {post.Passings.Count} passings: {problem}.");
        }

        if (wal.Any(call => IsWrite(call) && call.IsCut))
            violations.Add("The trace shows only the beginning of what was written (-s).");
        return new(posts.Count, posts.Sum(post => post.Passings.Count), traced, syncs.Count, violations);
    }

    static bool IsWrite(TraceCall call) =>
        call.Name is "write" or "writev" or "pwrite64" or "pwritev" or "send" or "sendto" or "sendmsg";

    static string? Problem(Post post, int written, List<TraceCall> syncs)
    {
        if (written >= post.Begin)
            return $"its commit was written to its end at line {written} only";
        return syncs.Any(sync => sync.Begin > written && sync.End < post.Begin)
            ? null
            : $"no sync of the write-ahead log between its commit (line {written}) and it";
    }

    static int? EndOfCommit(List<WalCommit> commits, string passing)
    {
        // The first one: later commits write the page again when they add to it.
        foreach (WalCommit commit in commits)
        {
            if (commit.Text.Contains(passing, StringComparison.Ordinal))
                return commit.End;
        }

        return null;
    }

    static List<WalCommit> Commits(IEnumerable<TraceCall> writes)
    {
        List<WalCommit> commits = [];
        StringBuilder text = new();
        bool isLastFrame = false;
        foreach (TraceCall write in writes)
        {
            bool isHeader = write.Data.Length == FrameHeader;
            if (isHeader)
            {
                isLastFrame = write.Data.AsSpan(4, 4).ContainsAnyExcept((byte)0);
                continue;
            }

            text.Append(Encoding.Latin1.GetString(write.Data));
            if (!isLastFrame)
                continue;
            commits.Add(new(text.ToString(), write.End));
            text.Clear();
            isLastFrame = false;
        }

        if (text.Length > 0)
            commits.Add(new(text.ToString(), int.MaxValue)); // never came to its end
        return commits;
    }

    static IEnumerable<Post> Posts(IEnumerable<TraceCall> sends)
    {
        foreach (var socket in sends.GroupBy(send => send.Path))
        {
            StringBuilder stream = new();
            List<(int Offset, int Line)> parts = [];
            foreach (TraceCall send in socket)
            {
                parts.Add((stream.Length, send.Begin));
                stream.Append(Encoding.Latin1.GetString(send.Data));
            }

            string text = stream.ToString();
            foreach (Match head in PostHead().Matches(text))
            {
                int length = int.Parse(head.Groups[1].Value, CultureInfo.InvariantCulture);
                int body = head.Index + head.Length;
                string sent = text.Substring(body, Math.Min(length, text.Length - body));
                List<string> passings = [.. Passing().Matches(sent).Select(match => match.Value)];
                if (passings.Count > 0)
                    yield return new(parts.Last(part => part.Offset <= head.Index).Line, passings);
            }
        }
    }

    [GeneratedRegex(
        @"POST \S*/passings HTTP/1\.1\r\n(?:[^\r\n]+\r\n)*?Content-Length: *(\d+)\r\n(?:[^\r\n]+\r\n)*?\r\n",
        RegexOptions.IgnoreCase)]
    private static partial Regex PostHead();

    /// <summary>Number and time of a passing, as the library writes them.</summary>
    [GeneratedRegex(@"""num_passing"":\d+,""timestamp"":""[^""]+""")]
    private static partial Regex Passing();
}
