using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers;

public sealed class IpicoParserTests
{
    const string Good = "aa400000000123450a2a01123018455927a7";
    const string WithTagData = "aa00058000123b3200012603081222022f060080cd";
    const string FirstSeen = "aa01058001e9df91000118101309234219eeFS";
    const string Gun = "ab000a2c260306052004151b2782ae";
    const string Banner = "ARM9 Controller for DF Dual DSP TTO Actel FPGA (STK Lite) (38.4kB) v1.4 Jun  5 2013 14:16:40 (RWXLF)";

    static readonly string[] OwnFrames =
    [
        Good, WithTagData, FirstSeen, Gun, Banner, "aa000580001286080001260308122253100c00009d", "ab00000222", "ab00ff118e",
        "ab000902260306051855443727cf", "ae00058000123b32060080", Good + " \\ ", FirstSeen + Good,
        "ab000a2c260306052504151b2782b3",
    ];

    [Theory]
    [Frames<IpicoParser>(From = nameof(OwnFrames), Guard = "aa02058003125db301001810130923462bdeFS", End = "\r\n")]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Theory]
    [InlineData(Good, "000000012345", "2001-12-30 18:45:59.390", 0x40, 0x0a2aUL, ReadFlags.None)]
    [InlineData(WithTagData, "058000123b32", "2026-03-08 12:22:02.470", 0, 0x180_0006_0001UL, ReadFlags.None)]
    [InlineData(
        "aa000580001286080001260308122253100c00009d", "058000128608", "2026-03-08 12:22:53.160", 0, 0x100_000c_0001UL,
        ReadFlags.None)]
    [InlineData(FirstSeen, "058001e9df91", "2018-10-13 09:23:42.250", 1, 0x0001UL, ReadFlags.FirstSeen)]
    [InlineData(
        "aa02058001e9df91010118101309235020e7LS", "058001e9df91", "2018-10-13 09:23:50.320", 2, 0x0101UL,
        ReadFlags.LastSeen)]
    public void Printed_read_frames(
        string frame, string chip, string time, int reader, ulong detail, ReadFlags flags)
    {
        ParserRun run = Run(frame);
        ChipRead read = Assert.Single(run.Reads);
        Assert.Equal(chip, read.Chip.ToString());
        Assert.Equal(time, Text(read.Time));
        Assert.Equal((reader, flags, ReadKind.Chip), (read.SubReader, read.Flags, read.Kind));
        Assert.Equal(detail, read.Detail);
        Assert.Empty(run.Controls);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Tag_data_lies_where_the_remarks_say()
    {
        ulong detail = Assert.Single(Run(Sealed("aa00058000123b32a1b2260308122202" + "2f" + "c1d2e3")).Reads).Detail;
        Assert.Equal(0x1_e3_d2_c1_a1_b2UL, detail);
    }

    [Theory]
    [InlineData("ab00000222", ControlKind.Clock, 0x02)]
    [InlineData("ab00000121", ControlKind.Clock, 0x01)]
    [InlineData("ab00070126030605194921f8", ControlKind.Clock, 0x01)]
    [InlineData("ab000902260306051855443727cf", ControlKind.Clock, 0x02)]
    [InlineData("ab00ff0995", ControlKind.Status, 0x09)]
    [InlineData("ab0002090305f3", ControlKind.Status, 0x09)]
    [InlineData("ab00ff118e", ControlKind.Status, 0x11)]
    [InlineData("ab0000f258", ControlKind.Response, 0xf2)]
    [InlineData("ab0000372a", ControlKind.Status, 0x37)]
    [InlineData("ac0000372a", ControlKind.Status, 0x37)]
    [InlineData("ab0010260008e10020808000747804000000000097", ControlKind.Unknown, 0x26)]
    [InlineData("ab000a2c260306052004151b2782ae", ControlKind.Gun, 0x2c)]
    public void Printed_control_frames(string frame, ControlKind kind, int instruction)
    {
        ParserRun run = Run(frame);
        Assert.Equal((kind, instruction, frame), Assert.Single(run.Controls));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void A_gun_is_a_read_too()
    {
        ChipRead read = Assert.Single(Run(Gun).Reads);
        Assert.Equal((ReadKind.Gun, true), (read.Kind, read.Chip.IsEmpty));
        Assert.Equal("2026-03-06 20:04:15.270", Text(read.Time));
    }

    [Theory]
    [InlineData("260306052504151b2782")]
    [InlineData("261306052004151b2782")]
    [InlineData("26030605200415642782")]
    [InlineData("2a0306052004151b2782")]
    [InlineData("26030605200415")]
    public void A_gun_without_a_possible_time_is_a_control_only(string data)
    {
        ParserRun run = Run(Sealed($"ab00{data.Length / 2:x2}2c{data}"));
        Assert.Empty(run.Reads);
        Assert.Equal(ControlKind.Gun, Assert.Single(run.Controls).Kind);
    }

    [Theory]
    [InlineData("aa40000000012345a2a01123018455927a7", RejectReason.TooFewFields)] // 35 characters
    [InlineData(Good + "0", RejectReason.BadSyntax)] // 37
    [InlineData(Good + "ZZ", RejectReason.BadSyntax)]
    [InlineData(Good + "fs", RejectReason.BadSyntax)]
    [InlineData(Good + "FS0", RejectReason.BadSyntax)]
    [InlineData(WithTagData + "0", RejectReason.BadSyntax)]
    [InlineData("aa400000000123450a2a01123018455927a8", RejectReason.BadCheck)]
    [InlineData("ab400000000123450a2a01123018455927a7", RejectReason.BadCheck)]
    [InlineData("ab00000223", RejectReason.BadCheck)]
    [InlineData("ab000902260306", RejectReason.TooFewFields)]
    [InlineData("ab0", RejectReason.TooFewFields)]
    [InlineData("ab00zz0222", RejectReason.BadNumber)]
    [InlineData("1404070923540e43", RejectReason.UnknownFrame)]
    [InlineData("aa00058001e5aab90001e80001140601062025510c", RejectReason.BadCheck)]
    [InlineData("--- spacer", RejectReason.UnknownFrame)]
    [InlineData("blank space", RejectReason.UnknownFrame)]
    [InlineData("---023incomplete", RejectReason.UnknownFrame)]
    [InlineData("Hello", RejectReason.UnknownFrame)]
    [InlineData("aexyz", RejectReason.UnknownFrame)]
    public void A_bad_line_is_one_reject(string line, RejectReason reason)
    {
        ParserRun run = Run(line);
        Assert.Equal((reason, line), Assert.Single(run.Rejects));
        Assert.Empty(run.Reads);
        Assert.Empty(run.Controls);
    }

    [Theory]
    [InlineData("010030184559", "27", RejectReason.BadTime)] // month 0
    [InlineData("011330184559", "27", RejectReason.BadTime)]
    [InlineData("011200184559", "27", RejectReason.BadTime)]
    [InlineData("011232184559", "27", RejectReason.BadTime)]
    [InlineData("010229184559", "27", RejectReason.BadTime)] // no leap year
    [InlineData("011230244559", "27", RejectReason.BadTime)]
    [InlineData("011230186059", "27", RejectReason.BadTime)]
    [InlineData("011230184560", "27", RejectReason.BadTime)]
    [InlineData("011230184559", "64", RejectReason.BadTime)]
    [InlineData("0112301845ff", "27", RejectReason.BadNumber)]
    [InlineData("01123018455/", "27", RejectReason.BadNumber)]
    [InlineData("011230184559", "2g", RejectReason.BadNumber)]
    public void An_impossible_stamp_is_rejected_though_the_check_fits(string stamp, string hundredths, RejectReason reason)
    {
        string frame = Sealed("aa400000000123450a2a" + stamp + hundredths);
        Assert.Equal((reason, frame), Assert.Single(Run(frame).Rejects));
    }

    [Theory]
    [InlineData(Good + " ")]
    [InlineData(Good + " \t ")]
    [InlineData(Good + "\\")]
    [InlineData(Good + " \\ ")]
    [InlineData("aa400000000123450a2a01123018455927A7")]
    public void What_may_trail_a_frame_does_not_cost_it(string line)
    {
        ParserRun run = Run(line);
        Assert.Equal("000000012345", Assert.Single(run.Chips));
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void A_frame_inside_a_bad_line_is_found_and_the_bytes_before_it_are_one_reject()
    {
        ParserRun run = Run("aa0005aa00058001e62a6a00011311301955523c0e");
        Assert.Equal("058001e62a6a", Assert.Single(run.Chips));
        Assert.Equal((RejectReason.BadCheck, "aa0005"), Assert.Single(run.Rejects));
    }

    [Fact]
    public void Frames_spliced_to_each_other_all_count()
    {
        ParserRun run = Run(Good + FirstSeen + "ab00000222" + WithTagData + "x~" + Good);
        Assert.Equal(["000000012345", "058001e9df91", "000000012345"], run.Chips);
        Assert.Equal((RejectReason.BadSyntax, WithTagData + "x~"), Assert.Single(run.Rejects));
        Assert.Equal("ab00000222", Assert.Single(run.Controls).Text);
    }

    [Fact]
    public void Upper_case_tags_stay_as_they_came()
    {
        Assert.Equal("058001E9DF91", Assert.Single(Run(Sealed("aa01058001E9DF9100011810130923421f")).Chips));
        Assert.Equal("058001e9df91", Assert.Single(Run(FirstSeen).Chips));
    }

    [Fact]
    public void A_last_line_without_its_end_counts_when_it_is_whole()
    {
        Assert.Single(ParserRun.OfWhole<IpicoParser>(Encoding.ASCII.GetBytes(Good)).Reads);
        ParserRun cut = ParserRun.OfWhole<IpicoParser>(Encoding.ASCII.GetBytes(Good[..^1]));
        Assert.Equal((RejectReason.Truncated, Good[..^1]), Assert.Single(cut.Rejects));
    }

    [Fact]
    public void A_run_of_NUL_bytes_is_nothing()
    {
        ParserRun run = ParserRun.OfWhole<IpicoParser>([.. new byte[1034], .. Line(Good)]);
        Assert.Single(run.Reads);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Random_bytes_are_only_rejects() =>
        ParserChecks.SurvivesRandomBytes<IpicoParser>([.. OwnFrames.Select(Line)], "aabc0123456789FLS\\ \r\n");

    [Fact]
    public void Nothing_is_allocated() =>
        ParserChecks.AllocatesNothing<IpicoParser>(
            [.. OwnFrames.SelectMany(Line), .. Line("aa0005" + Good), .. Line("--- spacer"), .. new byte[4], .. Line(Good + "x")]);

    [Fact]
    public void Generated_and_damaged_lines_read_as_by_regular_expression()
    {
        Gen<string> hex = Gen.Char["0123456789abcdefABCDEF"].Array[2].Select(c => new string(c));
        Gen<string> frame = Gen.Select(
            hex.Array[9], Gen.DateTime[new DateTime(2000, 1, 1), new DateTime(2099, 12, 31)], Gen.Int[0, 110],
            Gen.OneOf(Gen.Const(""), hex.Array[3].Select(string.Concat)),
            Gen.OneOf("", "", "FS", "LS", " ", "\\", "FS \\", "ZZ"),
            (codes, time, hundredths, tagData, tail) => Sealed(
                "aa" + string.Concat(codes) + time.ToString("yyMMddHHmmss") + $"{hundredths:x2}" + tagData) + tail);
        Gen<string> control = Gen.Select(hex, hex, hex.Array[0, 12], (reader, instruction, data) =>
            Sealed($"ab{reader}{data.Length:x2}{instruction}" + string.Concat(data)));
        Gen<string> gun = Gen.Select(Gen.DateTime[new DateTime(2000, 1, 1), new DateTime(2099, 12, 31)], Gen.Int[0, 110],
            (time, hundredths) => Sealed($"ab000a2c{time:yyMMdd}05{time:HHmmss}{hundredths:x2}2782"));
        Gen<string> line = Gen.Select(
            Gen.OneOf(frame, frame, frame, control, gun, Gen.OneOf(OwnFrames)).Array[1, 3],
            Gen.OneOf(Gen.Const(-1), Gen.Int[0, 120]), Gen.OneOf(0, 1, 2), Gen.Char["0a9b~FS "], Damage);
        line.Array[1, 6].Sample(lines =>
        {
            ParserRun run = ParserRun.OfWhole<IpicoParser>(Encoding.ASCII.GetBytes(string.Join("\r\n", lines) + "\r\n"));
            List<string> reads = [];
            List<string> controls = [];
            List<string> rejects = [];
            foreach (string text in lines)
                SlowIpico.Read(text, reads, controls, rejects);
            Assert.Equal(reads, run.Reads.Select(SlowIpico.Line));
            Assert.Equal(controls, run.Controls.Select(c => c.Text));
            Assert.Equal(rejects, run.Rejects.Select(r => r.Text));
        }, iter: 3_000);
    }

    static string Damage(string[] frames, int at, int way, char put)
    {
        string line = string.Concat(frames);
        if (at < 0 || at >= line.Length)
            return line;
        return way switch
        {
            0 => line.Remove(at, 1),
            1 => line.Insert(at, put.ToString()),
            _ => line.Remove(at, 1).Insert(at, put.ToString()),
        };
    }

    /// <summary>Puts the check behind a frame.</summary>
    static string Sealed(string frame) => frame + ((byte)frame[2..].Sum(c => c)).ToString("x2");

    static byte[] Line(string frame) => Encoding.Latin1.GetBytes(frame + "\r\n");

    static ParserRun Run(string line) => ParserRun.OfWhole<IpicoParser>(Line(line));

    static string Text(long time) => DateTime.UnixEpoch.AddTicks(time).ToString("yyyy-MM-dd HH:mm:ss.fff");
}

/// <summary>The protocol page, read slowly.</summary>
static partial class SlowIpico
{
    const string Tail = @"(?<seen>FS|LS)?[ \t]*\\?[ \t]*(?=\z|a[abc])";

    [GeneratedRegex(
        @"\Aaa(?<rr>[0-9a-fA-F]{2})(?<tag>[0-9a-fA-F]{12})(?<i>[0-9a-fA-F]{2})(?<q>[0-9a-fA-F]{2})(?<time>[0-9]{12})"
        + @"(?<cc>[0-9a-fA-F]{2})(?<tto>[0-9a-fA-F]{6})(?<lrc>[0-9a-fA-F]{2})" + Tail)]
    private static partial Regex LongFrame { get; }

    [GeneratedRegex(
        @"\Aaa(?<rr>[0-9a-fA-F]{2})(?<tag>[0-9a-fA-F]{12})(?<i>[0-9a-fA-F]{2})(?<q>[0-9a-fA-F]{2})(?<time>[0-9]{12})"
        + @"(?<cc>[0-9a-fA-F]{2})(?<tto>)(?<lrc>[0-9a-fA-F]{2})" + Tail)]
    private static partial Regex ShortFrame { get; }

    public static void Read(string line, List<string> reads, List<string> controls, List<string> rejects)
    {
        string bad = "";
        while (true)
        {
            string? read = null;
            string? control = null;
            int length = TakeRead(line, LongFrame, out read);
            if (length == 0)
                length = TakeRead(line, ShortFrame, out read);
            if (length == 0)
                length = TakeControl(line, out control, out read);
            if ((length > 0 || line.Length == 0) && bad.Length > 0)
            {
                bool text = Regex.IsMatch(bad, @"\Aae[0-9a-fA-F]+\z")
                    || Regex.IsMatch(bad, @"\A(?=[A-Z])(?=[ -~]*\z).*(Controller| v[0-9])");
                (text ? controls : rejects).Add(bad);
                bad = "";
            }

            if (line.Length == 0)
                return;
            if (read != null)
                reads.Add(read);
            if (control != null)
                controls.Add(control);
            bad += length == 0 ? line[0] : "";
            line = line[Math.Max(1, length)..];
        }
    }

    public static string Line(ChipRead read) =>
        read.Kind == ReadKind.Gun
            ? $"gun {read.SubReader:x2} {read.Time}"
            : $"{read.SubReader:x2} {read.Chip.ToString().ToUpperInvariant()} {read.Time} {read.Detail:x} {read.Flags}";

    static int TakeRead(string line, Regex form, out string? read)
    {
        read = null;
        Match m = form.Match(line);
        int cc = m.Success ? Convert.ToInt32(m.Groups["cc"].Value, 16) : 100;
        if (cc > 99 || !Sum(line[2..m.Groups["lrc"].Index], m.Groups["lrc"].Value)
            || !TryTime(m.Groups["time"].Value, cc, out long time))
        {
            return 0;
        }

        string tto = m.Groups["tto"].Value;
        string detail = tto.Length == 0 ? "" : $"1{tto[4..]}{tto[2..4]}{tto[..2]}";
        ulong number = Convert.ToUInt64(detail + m.Groups["i"].Value + m.Groups["q"].Value, 16);
        ReadFlags seen = m.Groups["seen"].Value switch
        {
            "FS" => ReadFlags.FirstSeen,
            "LS" => ReadFlags.LastSeen,
            _ => ReadFlags.None,
        };
        string reader = m.Groups["rr"].Value.ToLowerInvariant();
        read = $"{reader} {m.Groups["tag"].Value.ToUpperInvariant()} {time} {number:x} {seen}";
        return m.Length;
    }

    static int TakeControl(string line, out string? control, out string? read)
    {
        control = read = null;
        Match m = Regex.Match(line, @"\Aa[bc](?<rr>[0-9a-fA-F]{2})(?<ll>[0-9a-fA-F]{2})(?<ii>[0-9a-fA-F]{2})");
        if (!m.Success)
            return 0;
        int bytes = Convert.ToInt32(m.Groups["ll"].Value, 16);
        int length = 10 + (bytes == 255 ? 0 : 2 * bytes);
        if (line.Length < length || !Sum(line[2..(length - 2)], line[(length - 2)..length]))
            return 0;
        string data = line[8..(length - 2)];
        Match tail = Regex.Match(line[length..], @"\A[ \t]*\\?[ \t]*(?=\z|a[abc])");
        if (!tail.Success || !data.All(char.IsAsciiHexDigit))
            return 0;
        control = line[..length];
        if (m.Groups["ii"].Value.Equals("2C", StringComparison.OrdinalIgnoreCase) && data.Length >= 16
            && Convert.ToInt32(data[14..16], 16) is <= 99 and int cc && TryTime(data[..6] + data[8..14], cc, out long time))
        {
            read = $"gun {m.Groups["rr"].Value.ToLowerInvariant()} {time}";
        }

        return length + tail.Length;
    }

    static bool Sum(string text, string check) =>
        check.All(char.IsAsciiHexDigit) && (byte)text.Sum(c => c) == Convert.ToInt32(check, 16);

    static bool TryTime(string digits, int hundredths, out long ticks)
    {
        bool good = DateTime.TryParseExact(
            "20" + digits, "yyyyMMddHHmmss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time);
        ticks = (time - DateTime.UnixEpoch).Ticks + (hundredths * 100_000L);
        return good;
    }
}
