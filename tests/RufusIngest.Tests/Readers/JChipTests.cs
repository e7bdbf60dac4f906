using System.Globalization;
using System.Text;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using Parser = RufusIngest.Readers.Framing.TextParser<RufusIngest.Readers.JChipProtocol>;

namespace RufusIngest.Tests.Readers;

public sealed class JChipTests
{
    const string Live = "DK0A17F2 23:59:58.1234 11  1F3A0      C7";
    const string Dated = "DK0A17F2 23:59:58.123456 11  1F3A0      C7 date=20260502";
    const string Guard = "DKFFFFFF 10:00:00.25 10  1 C7";
    const string DatedGuard = "DKFFFFFF 10:00:00.25 10  1 C7 date=20260502";

    [Theory]
    [Frames<Parser>(
        Live, "K0A17F2 23:59:58.1234 11  1F3A0      C7", "DK1 1:02:03.5 0", "N0012LEFT MAT", "GT013005032",
        "GT113005032 date=20260502", "GT", "S0000", "<<hello>>", Guard = Guard, End = "\r", Noise = "DJ noise")]
    [Frames<Parser>(Dated, Guard = DatedGuard, End = "\r", Noise = "DJ413A35")]
    [Frames<Parser>(Live, Guard = Guard, End = "\r\n", Noise = "DJ 1")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void The_day_offset_counts_on()
    {
        ChipRead read = Assert.Single(Run(Live + "\r").Reads);
        Assert.Equal(("0A17F2", ReadFlags.NoDate, 0x1F3A0L), (read.Chip.ToString(), read.Flags, read.Number));
        Assert.Equal(TimeSpan.FromDays(1).Ticks + new TimeSpan(23, 59, 58).Ticks + 1_234_000, read.Time);
    }

    [Theory]
    [InlineData("DZ01 10:00:00.5  1F3A0      C7", 0x1F3A0, ReadFlags.NoDate)]
    [InlineData("DZ01 10:00:00.5 1F3A0", 0x1F3A0, ReadFlags.NoDate)]
    [InlineData("DZ01 10:00:00.5 1F3A0 C7 date=20260502", 0x1F3A0, ReadFlags.None)]
    [InlineData("DZ01 10:00:00.5 1 1F3A0 C7", 0x1F3A0, ReadFlags.NoDate)]
    public void The_index_is_found_where_the_day_is_missing(string line, long index, ReadFlags flags)
    {
        ChipRead read = Assert.Single(Run(line + "\r").Reads);
        Assert.Equal((index, flags), (read.Number, read.Flags));
    }

    [Fact]
    public void A_date_overrides_the_day_offset()
    {
        ChipRead read = Assert.Single(Run(Dated + "\r").Reads);
        Assert.Equal(("0A17F2 2026-05-02 23:59:58.123456", ReadFlags.None), (Show(read), read.Flags));
    }

    [Theory]
    [InlineData("DZ01 10:00:00 10 1", "01", 0)]
    [InlineData("D01 10:00:00 10 1", "01", 0)]
    [InlineData("Z01 10:00:00 13 1", "01", 3)]
    [InlineData("DZ01\t10:00:00   1", "01", 0)]
    [InlineData("DZ01 10:00:00", "01", 0)]
    [InlineData("DZ01 10:00:00  1F3A0      C7", "01", 0)]
    [InlineData("DZ01 10:00:00 1x 1", "01", 0)]
    [InlineData("N01234 10:00:00 12 1", "01234", 2)]
    public void Letters_blanks_and_days_vary(string line, string chip, int days)
    {
        ParserRun run = Run(line + "\r");
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal((chip, TimeSpan.FromHours((24 * days) + 10).Ticks), (read.Chip.ToString(), read.Time));
        Assert.Empty(run.Controls);
    }

    [Theory]
    [InlineData("DZ01 10:00:00 10 xyz C7", ReadFlags.NoDate | ReadFlags.FieldDropped)]
    [InlineData("DZ01 10:00:00 10 1 C7 date=20261302", ReadFlags.NoDate | ReadFlags.FieldDropped)]
    [InlineData("DZ01 10:00:00 10 1 C7 date=", ReadFlags.NoDate | ReadFlags.FieldDropped)]
    [InlineData("DZ01 10:00:00 date=20260502", ReadFlags.None)]
    public void Unreadable_fields_are_dropped_not_the_read(string line, ReadFlags flags) =>
        Assert.Equal(flags, Assert.Single(Run(line + "\r").Reads).Flags);

    [Fact]
    public void The_clock_and_the_greeting()
    {
        ParserRun run = Run("N0012LEFT MAT\rGT213005032\rGTx13005032\rGT13005032\rGT013005032 date=20260502\rS0000\rGT\r<<x>>\r");
        long time = new TimeSpan(0, 13, 0, 50, 320).Ticks;
        Assert.Equal(
            [(ControlKind.Greeting, 12), (ControlKind.Clock, time + (2 * TimeSpan.TicksPerDay)), (ControlKind.Clock, time),
                (ControlKind.Clock, time), (ControlKind.Clock, time + (new DateTime(2026, 5, 2) - DateTime.UnixEpoch).Ticks),
                (ControlKind.Unknown, 0), (ControlKind.Unknown, 0), (ControlKind.Unknown, 0L)],
            run.Controls.Select(control => (control.Kind, control.Number)));
        Assert.Empty(run.Rejects);
    }

    [Theory]
    [InlineData("DJ413A35", RejectReason.TooFewFields)]
    [InlineData("DJ413A35 10", RejectReason.BadTime)]
    [InlineData("DJ413A35 24:00:00.00 10 1 C7", RejectReason.BadTime)]
    [InlineData("Z413A35 10:61:00.00 10 1 C7", RejectReason.BadTime)]
    [InlineData("DJ 10:00:00.00 10 1 C7", RejectReason.NoChip)]
    [InlineData("GT024005032", RejectReason.BadTime)]
    [InlineData("GT0130050", RejectReason.BadTime)]
    [InlineData("N12", RejectReason.UnknownFrame)]
    [InlineData("G1", RejectReason.UnknownFrame)]
    public void A_bad_line_is_a_reject(string line, RejectReason reason)
    {
        ParserRun run = Run($"{Guard}\r{line}\r{Guard}\r");
        Assert.Equal([(reason, line)], run.Rejects);
        Assert.Equal(2, run.Reads.Count);
    }

    [Fact]
    public void The_printed_lines()
    {
        byte[] session = Captures.Read("jchip", "session.rx.bin");
        foreach (IEnumerable<ReadOnlyMemory<byte>> pieces in Splits.Of(session))
        {
            ParserRun run = ParserRun.Of<Parser>(pieces);
            Assert.Equal("413A35 1970-01-01 10:11:16.443300", Show(Assert.Single(run.Reads)));
            Assert.Equal(
                [(ControlKind.Greeting, 0), (ControlKind.Clock, new TimeSpan(0, 13, 0, 50, 320).Ticks)],
                run.Controls.Select(control => (control.Kind, control.Number)));
            Assert.Contains("JCHIP-TEST12", run.Controls[0].Text, StringComparison.Ordinal);
            Assert.Empty(run.Rejects);
        }

        ChipRead dated = Assert.Single(ParserRun.OfWhole<Parser>(Captures.Read("jchip", "with-date.txt")).Reads);
        Assert.Equal(("413A35 2012-07-24 10:11:16.443300", ReadFlags.None), (Show(dated), dated.Flags));
        ChipRead file = Assert.Single(ParserRun.OfWhole<Parser>(Captures.Read("jchip", "file-import.txt")).Reads);
        Assert.Equal(("413A35 1970-01-01 10:11:16.443300", 0x10000L), (Show(file), file.Number));
        ParserRun host = ParserRun.OfWhole<Parser>(Captures.Read("jchip", "session.tx.bin"));
        Assert.Equal([ControlKind.Unknown, ControlKind.Unknown], host.Controls.Select(control => control.Kind));
        Assert.Empty(host.Rejects);
    }

    [Fact]
    public void A_line_without_its_end_keeps_its_day_or_is_no_read()
    {
        Assert.Equal(["0A17F2"], Run(Live).Chips);
        Assert.Equal(["0A17F2"], Run(Dated).Chips);
        Assert.Empty(Run("DZ01 10:00:00.1").Reads);
        Assert.Empty(Run("DZ01 10:00:00.1 1").Reads);
        Assert.Empty(Run("DZ01 10:00:00.1 11 1 C7 date=2026050").Reads);
        Assert.Empty(Run("DZ01 10:00:00.1 11 1 C7 da").Reads);
        Assert.Single(Run(Dated + "\rDZ01 10:00:00.1 11 1 C7").Reads);
        ChipRead read = Assert.Single(Run("DZ01 10:00:00.1 11 1F").Reads);
        Assert.Equal(-1, read.Number);
    }

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<Parser>(
            [Bytes(Live + "\r"), Bytes(Dated + "\r"), Bytes("GT013005032\r"), Bytes("N0000X\r")], "0123456789:. DJGNdate=\r");
        ParserChecks.AllocatesNothing<Parser>(Bytes($"{Live}\r{Dated}\rN0000X\rGT013005032\rDbad\rDJ1 x\r{Guard}\r"));
    }

    [Fact]
    public void It_reads_what_Split_and_Parse_read()
    {
        Gen<string> time = Gen.DateTime[new DateTime(2000, 1, 1), new DateTime(2000, 1, 2)]
            .Select(t => t.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
        Gen<string> word = Gen.OneOf("10", "13", "1x", "1", "ff", "date=20260502", "date=20261302", "xyz");
        Gen<string> line = Gen.Select(
            Gen.OneOf("DJ", "J", "DZ"), Gen.OneOf("413035", "0", ""), time, word.Array[0, 4], Gen.OneOf(" ", "   ", " \t"),
            (letters, tag, t, rest, blank) => string.Join(blank, [letters + tag, t, .. rest]));
        line.List[1, 8].Sample(lines =>
        {
            ParserRun run = Run(string.Concat(lines.Select(l => l + "\r")));
            Assert.Equal(lines.Select(Slow).OfType<string>(), run.Reads.Select(r => $"{r.Chip} {r.Time} {r.Number} {r.Flags}"));
            Assert.Equal(lines.Count, run.Reads.Count + run.Rejects.Count);
        });
    }

    /// <summary>The obvious way; null for a reject.</summary>
    static string? Slow(string line)
    {
        string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length > 2 && words[2].Length > 2 && !words[2].StartsWith("date=", StringComparison.Ordinal))
            words = [.. words[..2], "", .. words[2..]];
        string tag = words[0].TrimStart('D', 'J', 'Z');
        if (tag.Length == 0)
            return null;
        string? dateWord = words.LastOrDefault(word => word.StartsWith("date=", StringComparison.Ordinal));
        bool hasDate = DateTime.TryParseExact(
            dateWord?[5..], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime date);
        long number = -1;
        bool hasIndex = words.Length > 3 && !words[3].StartsWith("date=", StringComparison.Ordinal);
        bool good = hasIndex && long.TryParse(words[3], NumberStyles.AllowHexSpecifier, null, out number);
        int days = words.Length > 2 && words[2].Length == 2 && char.IsAsciiDigit(words[2][1]) ? words[2][1] - '0' : 0;
        long day = hasDate ? (date - DateTime.UnixEpoch).Ticks : days * TimeSpan.TicksPerDay;
        ReadFlags flags = (hasDate ? 0 : ReadFlags.NoDate)
            | ((dateWord is not null && !hasDate) || (hasIndex && !good) ? ReadFlags.FieldDropped : 0);
        return $"{tag} {day + TimeSpan.Parse(words[1], CultureInfo.InvariantCulture).Ticks} {(good ? number : -1)} {flags}";
    }

    static ParserRun Run(string text) => ParserRun.OfWhole<Parser>(Bytes(text));

    static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    static string Show(ChipRead read) =>
        $"{read.Chip} {DateTime.UnixEpoch.AddTicks(read.Time):yyyy-MM-dd HH:mm:ss.ffffff}";
}
