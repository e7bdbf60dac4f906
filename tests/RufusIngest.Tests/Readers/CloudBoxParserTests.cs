using System.Text;
using RufusIngest.Readers;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;
using static RufusIngest.Tests.Readers.CloudBoxSamples;

namespace RufusIngest.Tests.Readers;

public sealed class CloudBoxParserTests
{
    static readonly long SampleTime = Ticks(2024, 9, 17, 14, 34, 23) + (123 * TimeSpan.TicksPerMillisecond);

    static long Ticks(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) =>
        new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks;

    static IEnumerable<string> KitFrames =>
        [
            Compact, CompactFromBackup, IndentedFromBackup, Minimal, With("\"epc\":\"A1\",\"tagStr\":\"\""),
            """{"command":"GETSYSTEMTIME","result":{"a":{"b":"}"}}}""", """{"other":[{}]}""",
        ];

    [Theory]
    [Frames<CloudBoxParser>(From = nameof(KitFrames), Guard = Minimal)]
    public void Frames_keep_the_contract(FrameCheck check) => check.Run();

    [Fact]
    public void Random_bytes_do_no_harm_and_nothing_is_allocated()
    {
        ParserChecks.SurvivesRandomBytes<CloudBoxParser>([.. KitFrames.Select(Bytes)], "{}[]\",: 019tagS\n");
        ParserChecks.AllocatesNothing<CloudBoxParser>(Bytes(string.Concat(KitFrames) + "bad {]} " + Minimal));
    }

    [Fact]
    public void A_backup_file_that_a_power_cut_ended_keeps_all_before_the_cut()
    {
        string file = string.Join("\r\n", IndentedFromBackup, CompactFromBackup, IndentedFromBackup[..60]);
        ParserRun run = Run(file);
        Assert.Equal(["MC00169", "MC00169"], run.Chips);
        Assert.Equal(RejectReason.Truncated, Assert.Single(run.Rejects).Reason);
    }

    /// <summary>Runs a stream whole, by bytes, in all two-part cuts and with the smallest destination.</summary>
    static ParserRun Run(string stream) => Run(Bytes(stream));

    static ParserRun Run(byte[] stream)
    {
        ParserRun whole = ParserRun.OfWhole<CloudBoxParser>(stream);
        string expected = whole.Describe();
        foreach (var pieces in Splits.Of(stream))
            Assert.Equal(expected, ParserRun.Of<CloudBoxParser>(pieces).Describe());
        Assert.Equal(expected, ParserRun.OfWhole<CloudBoxParser>(stream, destination: 1).Describe());
        return whole;
    }

    static ChipRead OneRead(string stream)
    {
        ParserRun run = Run(stream);
        Assert.Empty(run.Rejects);
        Assert.Empty(run.Controls);
        return Assert.Single(run.Reads);
    }

    static string OneReject(string stream, RejectReason reason)
    {
        ParserRun run = Run(stream);
        Assert.Empty(run.Reads);
        Assert.Empty(run.Controls);
        var reject = Assert.Single(run.Rejects);
        Assert.Equal(reason, reject.Reason);
        return reject.Text;
    }

    [Fact]
    public void The_documented_sample_gives_all_its_values()
    {
        foreach (string sample in new[] { Indented, Compact, Indented.ReplaceLineEndings("\r\n") })
        {
            ChipRead read = OneRead(sample);
            Assert.Equal("TAG_STRING", read.Chip.ToString());
            Assert.Equal(SampleTime, read.Time);
            Assert.Equal(3, read.Hits);
            Assert.Equal(1, read.Antenna);
            Assert.Equal(-6500, read.RssiCentiDbm);
            Assert.Equal(145, read.Number);
            Assert.Equal((412_842_500, 19_825_100), (read.LatitudeE7, read.LongitudeE7));
            Assert.Equal(ReadFlags.ZoneKnown | ReadFlags.HasPosition, read.Flags);
        }
    }

    [Fact]
    public void The_sample_from_a_backup_gives_wall_clock_and_no_position()
    {
        foreach (string sample in new[] { IndentedFromBackup, CompactFromBackup })
        {
            ChipRead read = OneRead(sample);
            Assert.Equal("MC00169", read.Chip.ToString());
            Assert.Equal(Ticks(2024, 9, 18, 9, 36, 34) + (98 * TimeSpan.TicksPerMillisecond), read.Time);
            Assert.Equal((1, 1, -5800, 1L), (read.Hits, read.Antenna, read.RssiCentiDbm, read.Number));
            Assert.Equal(ReadFlags.None, read.Flags);
        }
    }

    [Fact]
    public void A_minimal_frame_leaves_the_rest_not_given()
    {
        ChipRead read = OneRead(Minimal + "\n");
        Assert.Equal("MC00001", read.Chip.ToString());
        Assert.Equal((1, 0, ChipRead.NoRssi, 1L), (read.Hits, read.Antenna, read.RssiCentiDbm, read.Number));
        Assert.Equal(ReadFlags.ZoneKnown, read.Flags);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("\n\n")]
    [InlineData("  \t ")]
    [InlineData(",")]
    [InlineData("\0")]
    [InlineData("\uFEFF")]
    [InlineData("],[\r")]
    public void Whatever_stands_between_frames_both_are_read(string between)
    {
        ParserRun run = Run(between + Frame("A1") + between + Frame("B2") + between);
        Assert.Equal(["A1", "B2"], run.Chips);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void An_array_of_frames_is_read_as_its_frames() =>
        Assert.Equal(["A1", "B2"], Run($"[{Frame("A1")},{Frame("B2")}]").Chips);

    [Fact]
    public void An_answer_with_a_brace_in_a_string_ends_where_it_ends()
    {
        const string Answer = """{"command":"GETSYSTEMTIME","result":{"a":{"b":"}"}}}""";
        ParserRun run = Run(Answer + Minimal);
        Assert.Equal([(ControlKind.Response, 0L, Answer)], run.Controls);
        Assert.Equal(["MC00001"], run.Chips);
        Assert.Empty(run.Rejects);
    }

    [Theory]
    [InlineData("""{"command":"START","result":"x"}""")]
    [InlineData("""{"command":"START","result":true}""")]
    [InlineData("""{"command":"START","result":null}""")]
    [InlineData("""{"command":"START","result":[1,-2.5e3,[],{}]}""")]
    [InlineData("""{"command":"START"}""")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A1","command":null}""")]
    public void A_command_makes_it_an_answer_whatever_its_result(string answer)
    {
        ParserRun run = Run(answer);
        Assert.Equal([(ControlKind.Response, 0L, answer)], run.Controls);
        Assert.Empty(run.Reads);
        Assert.Empty(run.Rejects);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{ }")]
    [InlineData("""{"state":"STOPPED","x":{"command":1,"timestamp":2}}""")]
    public void Another_object_is_unknown(string other)
    {
        ParserRun run = Run(other);
        Assert.Equal([(ControlKind.Unknown, 0L, other)], run.Controls);
        Assert.Empty(run.Rejects);
    }

    [Fact]
    public void Keys_come_in_any_order_and_unknown_ones_are_passed_over()
    {
        ChipRead read = OneRead("""
            {"chksum":"6a0f5","x":[1,{"tagStr":"no"},[]],"longitude":1.5,"latitude":-2.5,"tagStr":"MC00169",
            "y":{"z":{}},"passingNumber":7,
            "rssi":-58,"antenna":4,"seenCount":2,"timestamp":"2024-09-18;09:36:34.098","epc":"3D"}
            """);
        Assert.Equal("MC00169", read.Chip.ToString());
        Assert.Equal((2, 4, -5800, 7L), (read.Hits, read.Antenna, read.RssiCentiDbm, read.Number));
        Assert.Equal((-25_000_000, 15_000_000), (read.LatitudeE7, read.LongitudeE7));
    }

    [Theory]
    [InlineData(""" "epc":null,"tagStr":"" """)]
    [InlineData(""" "epc":"","tagStr":null """)]
    [InlineData(""" "rssi":-58 """)]
    [InlineData(""" "epc":[],"tagStr":12 """)]
    public void Without_a_chip_there_is_no_read(string members) => OneReject(With(members), RejectReason.NoChip);

    [Theory]
    [InlineData(""" "epc":"3D2E372D39293A313C313734" """)]
    [InlineData(""" "epc":"3D2E372D39293A313C313734","tagStr":"" """)]
    [InlineData(""" "tagStr":null,"epc":"3D2E372D39293A313C313734" """)]
    public void Without_a_tag_text_the_epc_is_the_chip(string members)
    {
        ChipRead read = OneRead(With(members));
        Assert.True(read.Chip.IsEpc);
        Assert.Equal("3D2E372D39293A313C313734", read.Chip.ToString());
        Assert.Equal(ReadFlags.ZoneKnown, read.Flags);
    }

    [Fact]
    public void A_tag_text_that_is_no_text_gives_way_to_the_epc()
    {
        ChipRead read = OneRead(With(""" "tagStr":12,"epc":"E2003412" """));
        Assert.Equal("E2003412", read.Chip.ToString());
        Assert.Equal(ReadFlags.ZoneKnown | ReadFlags.FieldDropped, read.Flags);
    }

    [Fact]
    public void A_chip_over_the_limit_is_rejected_and_not_cut()
    {
        OneRead(With($""" "tagStr":"{new string('x', 30)}" """));
        OneReject(With($""" "tagStr":"{new string('x', 31)}" """), RejectReason.ChipTooLong);
        OneReject(With($""" "epc":"{new string('A', 62)}" """), RejectReason.ChipTooLong);
        OneReject(With($""" "tagStr":"\u0041{new string('x', 300)}" """), RejectReason.ChipTooLong);
    }

    [Theory]
    [InlineData("-58", -5800, false)]
    [InlineData("-58.5", -5850, false)]
    [InlineData("\"-58\"", -5800, false)]
    [InlineData("\"\\u002d58.25\"", -5825, false)]
    [InlineData("-5.85e1", -5850, false)]
    [InlineData("327.67", 32767, false)]
    [InlineData("null", ChipRead.NoRssi, false)]
    [InlineData("327.68", ChipRead.NoRssi, true)]
    [InlineData("-327.68", ChipRead.NoRssi, true)]
    [InlineData("1e300", ChipRead.NoRssi, true)]
    [InlineData("\"\"", ChipRead.NoRssi, true)]
    [InlineData("\"-58 dBm\"", ChipRead.NoRssi, true)]
    [InlineData("true", ChipRead.NoRssi, true)]
    [InlineData("[-58]", ChipRead.NoRssi, true)]
    public void Signal_strength_comes_as_number_or_numeric_text(string rssi, short expected, bool dropped)
    {
        ChipRead read = OneRead(With($""" "tagStr":"A1","rssi":{rssi} """));
        Assert.Equal(expected, read.RssiCentiDbm);
        Assert.Equal(dropped, read.Flags.HasFlag(ReadFlags.FieldDropped));
    }

    [Theory]
    [InlineData("4294967296", 4294967296, false)]
    [InlineData("9223372036854775807", long.MaxValue, false)]
    [InlineData("9223372036854775808", -1, true)]
    [InlineData("0", 0, false)]
    [InlineData("\"17\"", 17, false)]
    [InlineData("null", -1, false)]
    [InlineData("-1", -1, true)]
    [InlineData("1e3", -1, true)]
    [InlineData("1.0", -1, true)]
    [InlineData("{}", -1, true)]
    public void A_passing_number_has_64_bits_and_is_else_dropped(string number, long expected, bool dropped)
    {
        ChipRead read = OneRead(With($""" "tagStr":"A1","passingNumber":{number} """));
        Assert.Equal(expected, read.Number);
        Assert.Equal(dropped, read.Flags.HasFlag(ReadFlags.FieldDropped));
    }

    [Theory]
    [InlineData(""" "seenCount":2147483647,"antenna":65535 """, int.MaxValue, 65535, false)]
    [InlineData(""" "seenCount":null,"antenna":null """, 1, 0, false)]
    [InlineData(""" "seenCount":2147483648 """, 1, 0, true)]
    [InlineData(""" "seenCount":0 """, 1, 0, true)]
    [InlineData(""" "antenna":65536 """, 1, 0, true)]
    [InlineData(""" "antenna":-1,"seenCount":5 """, 5, 0, true)]
    public void Hits_and_antenna_out_of_range_are_dropped(string members, int hits, int antenna, bool dropped)
    {
        ChipRead read = OneRead(With($""" "tagStr":"A1",{members} """));
        Assert.Equal((hits, antenna), (read.Hits, (int)read.Antenna));
        Assert.Equal(dropped, read.Flags.HasFlag(ReadFlags.FieldDropped));
    }

    [Theory]
    [InlineData("90", "-180", 900_000_000, -1_800_000_000, false)]
    [InlineData("\"41.5\"", "2e-7", 415_000_000, 2, false)]
    [InlineData("0", "0.0", null, null, false)]
    [InlineData("0", "0.5", 0, 5_000_000, false)]
    [InlineData("null", "1.5", null, null, false)]
    [InlineData("90.0000001", "1.5", null, null, true)]
    [InlineData("1.5", "-180.1", null, null, true)]
    [InlineData("1.5", "\"east\"", null, null, true)]
    public void A_position_needs_both_in_range(string latitude, string longitude, int? lat, int? lon, bool dropped)
    {
        ChipRead read = OneRead(With($""" "tagStr":"A1","latitude":{latitude},"longitude":{longitude} """));
        Assert.Equal(lat is not null, read.Flags.HasFlag(ReadFlags.HasPosition));
        Assert.Equal((lat ?? 0, lon ?? 0), (read.LatitudeE7, read.LongitudeE7));
        Assert.Equal(dropped, read.Flags.HasFlag(ReadFlags.FieldDropped));
    }

    [Fact]
    public void A_time_without_fraction_or_zone_is_wall_clock()
    {
        ChipRead read = OneRead("""{"timestamp":"2024-09-17 14:34:23","tagStr":"A1"}""");
        Assert.Equal((Ticks(2024, 9, 17, 14, 34, 23), ReadFlags.None), (read.Time, read.Flags));
    }

    [Fact]
    public void Nine_digits_of_a_second_are_cut_to_ticks()
    {
        ChipRead read = OneRead("""{"timestamp":"2024-09-17;14:34:23.123456789Z","tagStr":"A1"}""");
        Assert.Equal(Ticks(2024, 9, 17, 14, 34, 23) + 1_234_567, read.Time);
    }

    [Theory]
    [InlineData("\"2024-13-40;25:61:00.000\"")]
    [InlineData("\"2023-02-29;10:00:00.000\"")]
    [InlineData("\"\"")]
    [InlineData("null")]
    [InlineData("1726583663")]
    [InlineData("{}")]
    public void A_time_that_does_not_exist_is_rejected(string time)
    {
        string frame = $$"""{"timestamp":{{time}},"tagStr":"A1"}""";
        Assert.Equal(frame, OneReject(frame, RejectReason.BadTime));
        ParserRun run = Run(frame + Frame("B2"));
        Assert.Equal(["B2"], run.Chips);
    }

    [Fact]
    public void A_leap_day_is_a_day() =>
        Assert.Equal(
            Ticks(2024, 2, 29), OneRead("""{"timestamp":"2024-02-29;00:00:00.000","tagStr":"A1"}""").Time);

    [Fact]
    public void A_clock_that_was_never_set_still_gives_a_read() =>
        Assert.Equal(
            Ticks(1970, 1, 1, 0, 0, 3), OneRead("""{"timestamp":"1970-01-01;00:00:03.000Z","tagStr":"A1"}""").Time);

    [Fact]
    public void Second_60_is_the_end_of_its_minute()
    {
        ChipRead read = OneRead("""{"timestamp":"2024-09-17;14:34:60.5Z","tagStr":"A1"}""");
        Assert.Equal(Ticks(2024, 9, 17, 14, 35) - TimeSpan.TicksPerMillisecond, read.Time);
        Assert.Equal(ReadFlags.ZoneKnown | ReadFlags.TimeClamped, read.Flags);
    }

    [Theory]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"MC\u0030\u0030169"}""", "MC00169")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tag\u0053tr":"MC00169"}""", "MC00169")]
    [InlineData(
        """{"time\u0073tamp":"2024-09-17\u003B14:34:23.123Z","tagStr":"\"\\\/\uD83C\uDFC3\u00e9"}""", "\"\\/🏃é")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"é🏃"}""", "é🏃")]
    public void Escapes_are_resolved_in_keys_and_texts(string frame, string chip)
    {
        ChipRead read = OneRead(frame);
        Assert.Equal(chip, read.Chip.ToString());
        Assert.Equal(SampleTime, read.Time);
    }

    [Fact]
    public void Of_the_same_key_twice_the_last_counts()
    {
        ChipRead read = OneRead("""
            {"timestamp":"never","tagStr":"A1","rssi":-1,"timestamp":"2024-09-17;14:34:23.123Z","rssi":null,
            "tagStr":"B2"}
            """);
        Assert.Equal(("B2", SampleTime, ChipRead.NoRssi), (read.Chip.ToString(), read.Time, read.RssiCentiDbm));
    }

    [Fact]
    public void A_text_that_is_not_utf8_costs_its_frame_where_it_is_used()
    {
        byte[] bad = [.. Bytes("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"M"""), 0xFF, .. "\"}"u8];
        ParserRun run = Run([.. bad, .. Bytes(Frame("B2"))]);
        Assert.Equal(["B2"], run.Chips);
        Assert.Equal(RejectReason.BadSyntax, Assert.Single(run.Rejects).Reason);
        OneReject(With(""" "tagStr":"\uD83C" """), RejectReason.BadSyntax);
        OneReject(With(""" "tagStr":"\uDFC3\uD83C" """), RejectReason.BadSyntax);

        byte[] unused = [.. Bytes(Frame("A1")[..^1] + ",\"chksum\":\"x"), 0xFF, .. "\"}"u8];
        Assert.Equal(["A1"], Run(unused).Chips);
    }

    [Theory]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A1",}""")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A1","rssi":01}""")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A1","rssi":-}""")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A1","rssi":NaN}""")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A\x"}""")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A\u12G4"}""")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A1","x":{"y":nope}}""")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A1","x":[1,]}""")]
    [InlineData("""{"timestamp":"2024-09-17;14:34:23.123Z","tagStr":"A1" "rssi":1}""")]
    [InlineData("""{"timestamp"="2024-09-17;14:34:23.123Z"}""")]
    [InlineData("{\"timestamp\":\"2024-09-17;14:34:23.123Z\",\"tagStr\":\"A\t1\"}")]
    [InlineData("{bad}")]
    [InlineData("{,}")]
    public void Bad_syntax_costs_the_object_and_no_more(string bad)
    {
        Assert.Equal(bad, OneReject(bad, RejectReason.BadSyntax));
        ParserRun run = Run(Frame("A0") + bad + Frame("B2"));
        Assert.Equal(["A0", "B2"], run.Chips);
        Assert.Equal([(RejectReason.BadSyntax, bad)], run.Rejects);
    }

    [Theory]
    [InlineData("{\"epc\":\"3D2E37\n")]
    [InlineData("{\"epc\":\"3D2E37\\\r\n")]
    [InlineData("{\"epc\":\"3D\",\n")]
    [InlineData("{\"epc\":\"3D\",")]
    [InlineData("{\"epc\":\"3D\"")]
    [InlineData("{\"epc\":3")]
    [InlineData("{\"epc\"")]
    [InlineData("{")]
    [InlineData("{\"x\":[{\"y\":[1,2]")]
    [InlineData("{\"epc\":\"3D2E")]
    [InlineData("{\"epc\":")]
    public void A_cut_frame_does_not_take_the_next_one_along(string cut)
    {
        ParserRun run = Run(cut + Frame("A1") + Frame("B2") + "\n" + Frame("C3"));
        Assert.Equal(["A1", "B2", "C3"], run.Chips);
        var reject = Assert.Single(run.Rejects);
        Assert.Equal((RejectReason.Truncated, cut.TrimEnd()), (reject.Reason, reject.Text.TrimEnd()));
        Assert.Empty(run.Controls);
    }

    [Fact]
    public void A_cut_inside_a_string_is_seen_before_the_size_limit_without_any_line_end()
    {
        string stream = "{\"epc\":\"3D2E" + Frame("A1") + Frame("B2") + Frame("C3");
        ParserRun run = ParserRun.OfWhole<CloudBoxParser>(Bytes(stream), endOfStream: false);
        Assert.Equal(["A1", "B2", "C3"], run.Chips);
        Assert.Equal(0, run.Unconsumed);
    }

    [Fact]
    public void Text_before_a_frame_is_one_reject()
    {
        ParserRun run = Run("garbage\r\n" + Minimal);
        Assert.Equal(["MC00001"], run.Chips);
        Assert.Equal([(RejectReason.UnknownFrame, "garbage")], run.Rejects);
    }

    [Fact]
    public void Values_that_are_no_objects_are_rejected_between_frames()
    {
        ParserRun run = Run(Frame("A1") + "}\n{}\n[]\nnull\n" + Frame("B2") + " 1, true" + Frame("C3") + "\xEF\xBB");
        Assert.Equal(["A1", "B2", "C3"], run.Chips);
        Assert.Equal([(ControlKind.Unknown, 0L, "{}")], run.Controls);
        Assert.Equal(["}", "null", "1, true", "Ã¯Â»"], run.Rejects.Select(reject => reject.Text));
        Assert.All(run.Rejects, reject => Assert.Equal(RejectReason.UnknownFrame, reject.Reason));
    }

    [Fact]
    public void Half_a_byte_order_mark_at_the_end_is_garbage()
    {
        ParserRun run = Run([.. Bytes(Minimal), 0xEF, 0xBB]);
        Assert.Equal(["MC00001"], run.Chips);
        Assert.Equal(RejectReason.UnknownFrame, Assert.Single(run.Rejects).Reason);
    }

    [Fact]
    public void An_endless_object_is_counted_and_the_next_good_one_found()
    {
        byte[] stream = Bytes("{\"epc\":\"" + new string('x', 1 << 20) + Frame("A1") + "\n" + Frame("B2"));
        ParserRun whole = ParserRun.OfWhole<CloudBoxParser>(stream);
        Assert.Equal(["A1", "B2"], whole.Chips);
        Assert.Equal(RejectReason.TooLong, whole.Rejects[0].Reason);
        Assert.All(whole.Rejects, reject => Assert.InRange(reject.Text.Length, 1, JsonObjectScanner.MaxBytes));
        var pieces = stream.Chunk(1_000).Select(piece => (ReadOnlyMemory<byte>)piece);
        Assert.Equal(whole.Describe(), ParserRun.Of<CloudBoxParser>(pieces).Describe());
    }

    [Fact]
    public void The_largest_object_is_read_and_one_byte_more_is_too_long()
    {
        string Padded(int length) => With(
            $"\"tagStr\":\"A1\",\"x\":\"{new string('x', length - With("\"tagStr\":\"A1\",\"x\":\"\"").Length)}\"");
        string largest = Padded(JsonObjectScanner.MaxBytes);
        Assert.Equal(JsonObjectScanner.MaxBytes, largest.Length);
        foreach (int piece in new[] { 1 << 20, 4_096, 777 })
        {
            ParserRun Fed(string text) => ParserRun.Of<CloudBoxParser>(
                Bytes(text).Chunk(piece).Select(bytes => (ReadOnlyMemory<byte>)bytes));
            Assert.Equal(["A1", "B2"], Fed(largest + Frame("B2")).Chips);
            ParserRun over = Fed(Padded(JsonObjectScanner.MaxBytes + 1) + Frame("B2"));
            Assert.Equal(["B2"], over.Chips);
            Assert.Equal([RejectReason.TooLong, RejectReason.UnknownFrame], over.Rejects.Select(r => r.Reason));
        }
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public void Nesting_is_read_to_its_limit_and_one_level_more_is_too_long(string open, string close)
    {
        string Nested(int levels) => "{\"command\":" + string.Concat(Enumerable.Repeat(open, levels - 1)) + "1"
            + string.Concat(Enumerable.Repeat(close, levels - 1)) + "}";
        ParserRun deepest = Run(Nested(JsonObjectScanner.MaxDepth));
        Assert.Equal(ControlKind.Response, Assert.Single(deepest.Controls).Kind);
        Assert.Empty(deepest.Rejects);
        ParserRun deeper = Run(Nested(JsonObjectScanner.MaxDepth + 1) + "\n" + Frame("A1"));
        Assert.Equal(RejectReason.TooLong, deeper.Rejects[0].Reason);
        Assert.Equal(["A1"], deeper.Chips);
    }

    [Fact]
    public void The_end_of_the_stream_inside_a_frame_drops_that_one_only()
    {
        ParserRun run = Run(Frame("A1") + """{"command":"X","result":{"a":{"b":[1,2],"c""");
        Assert.Equal(["A1"], run.Chips);
        Assert.Equal(RejectReason.Truncated, Assert.Single(run.Rejects).Reason);
        Assert.Equal(["B2"], Run(Frame("B2")).Chips);
    }

    [Fact]
    public void Numbers_that_start_again_are_reads_like_others()
    {
        string stream = string.Concat(new[] { 1, 2, 3, 1, 2 }.Select(
            number => With($"\"tagStr\":\"A1\",\"passingNumber\":{number}")));
        ParserRun run = Run(stream + stream);
        Assert.Equal([1L, 2, 3, 1, 2, 1, 2, 3, 1, 2], run.Reads.Select(read => read.Number));
    }

    [Fact]
    public void A_burst_is_read_to_its_last_frame()
    {
        byte[] stream = Bytes(string.Concat(Enumerable.Range(0, 50_000).Select(
            number => With($"\"tagStr\":\"A1\",\"passingNumber\":{number}") + "\r\n")));
        ParserRun run = ParserRun.OfWhole<CloudBoxParser>(stream, destination: 1_024);
        Assert.Equal(Enumerable.Range(0, 50_000).Select(number => (long)number), run.Reads.Select(read => read.Number));
        Assert.Empty(run.Rejects);
    }
}
