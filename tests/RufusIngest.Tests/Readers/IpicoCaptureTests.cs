using System.Globalization;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers;

public sealed class IpicoCaptureTests
{
    const string Folder = "ipico";

    [Theory]
    [InlineData("raw-4-tags", 41, 4)]
    [InlineData("fsls-direct", 8, 4)]
    [InlineData("event-mode", 2, 1)]
    [InlineData("fsls-single", 1, 1)]
    [InlineData("fsls-multiple", 3, 1)]
    [InlineData("gun-time", 1, 1)]
    [InlineData("record-on-off", 0, 0)]
    [InlineData("tto-enable", 0, 0)]
    [InlineData("set-time", 0, 0)]
    public void Every_line_of_a_reader_capture_is_as_expected_in_its_real_pieces(string name, int reads, int tags)
    {
        byte[] stream = Captures.Read(Folder, name + ".rx.txt");
        string expected = Captures.PathOf(Folder, name + ".rx.expected.csv");
        ParserRun run = ParserRun.OfWhole<IpicoParser>(stream);
        Compare(expected, run);
        Assert.Equal(reads, run.Reads.Count);
        Assert.Equal(tags, run.Reads.Select(read => read.Chip).Distinct().Count());

        ParserRun pieces = ParserRun.Of<IpicoParser>(Segments(stream, Captures.PathOf(Folder, name + ".rx.segments.csv")));
        Assert.Equal(run.Describe(), pieces.Describe());
    }

    [Fact]
    public void A_download_of_1200_lines_is_as_expected()
    {
        ParserRun run = ParserRun.OfWhole<IpicoParser>(Captures.Read(Folder, "download-first-1200.txt"));
        Compare(Captures.PathOf(Folder, "download-first-1200.expected.csv"), run);
        Assert.Equal(1200, run.Reads.Count);
        Assert.Equal(1016, run.Reads.Select(read => ParserRun.Describe(read)).Distinct().Count());
        Assert.Equal("058000123b32 2026-03-07 13:48:50.50", Show(run.Reads[0]));
        Assert.Equal("058000120e38 2026-03-07 13:49:33.63", Show(run.Reads[^1]));
        Assert.Equal(4, run.Chips.Distinct().Count());
    }

    [Fact]
    public void The_gun_is_at_its_time()
    {
        ParserRun run = ParserRun.OfWhole<IpicoParser>(Captures.Read(Folder, "gun-time.rx.txt"));
        ChipRead gun = Assert.Single(run.Reads);
        Assert.Equal(ReadKind.Gun, gun.Kind);
        Assert.Equal(" 2026-03-06 20:04:15.27", Show(gun));
        Assert.Single(run.Controls, control => control.Kind == ControlKind.Gun);
    }

    [Fact]
    public void An_Elite_log_has_its_first_and_last_seen_lines()
    {
        ParserRun run = ParserRun.OfWhole<IpicoParser>(Captures.Read(Folder, "elite-fs-ls-first-600.txt"));
        Assert.Equal((333, 267), Seen(run));
        Assert.Equal(600, run.Reads.Count);
        Assert.Empty(run.Rejects);
        Assert.Equal(268, run.Chips.Distinct().Count());
        Assert.Equal("058001e9df91 2018-10-13 09:23:42.25", Show(run.Reads[0]));
        Assert.Equal(ReadFlags.FirstSeen, run.Reads[0].Flags);
        Assert.Equal("058002bcc493 2018-10-13 09:43:26.00", Show(run.Reads[^1]));
        Assert.Equal(ReadFlags.LastSeen, run.Reads[^1].Flags);
    }

    [Fact]
    public void A_damaged_Elite_log_loses_only_its_damaged_lines()
    {
        ParserRun run = ParserRun.OfWhole<IpicoParser>(Captures.Read(Folder, "elite-fs-ls-damaged.txt"));
        Assert.Equal((13, 7), Seen(run));
        Assert.Equal(20, run.Reads.Count);
        Assert.Equal(["--- spacer", "blank space", "---023incomplete"], run.Rejects.Select(reject => reject.Text));
        Assert.All(run.Rejects, reject => Assert.Equal(RejectReason.UnknownFrame, reject.Reason));
    }

    [Fact]
    public void A_memory_dump_gives_the_good_frame_of_its_damaged_line()
    {
        ParserRun run = ParserRun.OfWhole<IpicoParser>(Captures.Read(Folder, "dump-damaged-lines-70120-70340.txt"));
        Assert.Equal(202, run.Reads.Count(read => read.Kind == ReadKind.Chip));
        Assert.Equal(3, run.Reads.Count(read => read.Kind == ReadKind.Gun));
        Assert.Equal(17, run.Controls.Count);
        Assert.Equal(3, run.Controls.Count(control => control.Kind == ControlKind.Gun));
        Assert.Equal(
            [
                (RejectReason.UnknownFrame, "1404070923540e43"),
                (RejectReason.BadCheck, "aa00058001e5aab90001e80001140601062025510c"),
                (RejectReason.BadCheck, "aa0005"),
            ],
            run.Rejects);
        Assert.Contains("058001e62a6a 2013-11-30 19:55:52.60", run.Reads.Select(Show));
    }

    static (int First, int Last) Seen(ParserRun run) =>
        (run.Reads.Count(read => read.Flags == ReadFlags.FirstSeen), run.Reads.Count(read => read.Flags == ReadFlags.LastSeen));

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.ff}";

    static IEnumerable<ReadOnlyMemory<byte>> Segments(byte[] stream, string file)
    {
        int offset = 0;
        foreach (string row in File.ReadLines(file).Skip(1))
        {
            int length = int.Parse(row.Split(',')[1], CultureInfo.InvariantCulture);
            yield return stream.AsMemory(offset, length);
            offset += length;
        }

        Assert.Equal(stream.Length, offset);
    }

    static void Compare(string expectedFile, ParserRun run)
    {
        List<string> reads = [];
        List<string> controls = [];
        foreach (string row in File.ReadLines(expectedFile).Skip(1))
        {
            string[] fields = row.Split(',', 7);
            if (fields[0] == "read")
                reads.Add(row);
            else
                controls.Add(fields[0] == "ab" ? row : fields[6]);
        }

        Assert.Empty(run.Rejects);
        Assert.Equal(reads, run.Reads.Where(read => read.Kind == ReadKind.Chip).Select(Row));
        Assert.Equal(controls, run.Controls.Select(c => c.Kind == ControlKind.Greeting ? c.Text : Row(c.Number, c.Text)));
    }

    static string Row(ChipRead read)
    {
        byte q = (byte)read.Detail;
        byte i = (byte)(read.Detail >> 8);
        ulong tagData = read.Detail >> 16;
        string extra = tagData == 0 ? "" : $"{(byte)tagData:x2}{(byte)(tagData >> 8):x2}{(byte)(tagData >> 16):x2}";
        string time = DateTime.UnixEpoch.AddTicks(read.Time).ToString("yyyy-MM-ddTHH:mm:ss.fff");
        return $"read,{read.SubReader:x2},{read.Chip},{i:x2},{q:x2},{time},{extra}";
    }

    static string Row(long instruction, string frame) =>
        $"ab,{frame[2..4]},{frame[4..6]},{instruction:x2},{frame[8..^2]},,";
}
