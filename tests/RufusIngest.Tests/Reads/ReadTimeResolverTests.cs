using CsCheck;
using RufusIngest.Reads;

namespace RufusIngest.Tests.Reads;

public sealed class ReadTimeResolverTests
{
    static readonly ZoneRules Madrid = ZoneRules.Find("Europe/Madrid");

    static long Ticks(string utc) => EpochTime.FromUtc(DateTimeOffset.Parse(utc + "Z"));

    static ChipRead Read(string time, ReadFlags flags = ReadFlags.None)
    {
        ChipRead read = default;
        read.Reset();
        read.Time = (flags & ReadFlags.NoDate) != 0 ? TimeSpan.Parse(time).Ticks : Ticks(time);
        read.Flags = flags;
        return read;
    }

    static string? Resolve(ReadTimeResolver resolver, ref ChipRead read, string? received = null) =>
        resolver.TryResolve(ref read, received is null ? 0 : Ticks(received), out long utc)
            ? EpochTime.ToUtc(utc).ToString("yyyy-MM-ddTHH:mm:ss.fff")
            : null;

    [Theory]
    [InlineData("2026-01-10T10:00:00", "2026-01-10T09:00:00.000")]
    [InlineData("2026-07-10T10:00:00", "2026-07-10T08:00:00.000")]
    public void Local_time_becomes_utc_by_the_zone_in_force(string local, string utc)
    {
        ChipRead read = Read(local);
        Assert.Equal(utc, Resolve(new ReadTimeResolver(Madrid), ref read));
        Assert.Equal(Ticks(local), read.Time);
    }

    [Fact]
    public void A_stated_zone_is_taken_unless_told_otherwise()
    {
        ChipRead read = Read("2026-07-10T10:00:00", ReadFlags.ZoneKnown);
        Assert.Equal("2026-07-10T10:00:00.000", Resolve(new ReadTimeResolver(Madrid), ref read));
        Assert.Equal("2026-07-10T08:00:00.000", Resolve(new ReadTimeResolver(Madrid, ignoreStatedZone: true), ref read));
    }

    [Theory]
    [InlineData("2026-10-25T00:31:00", "2026-10-25T00:30:00.000")]
    [InlineData("2026-10-25T01:31:00", "2026-10-25T01:30:00.000")]
    [InlineData(null, "2026-10-25T00:30:00.000")]
    public void A_time_that_exists_twice_is_decided_by_arrival_and_flagged(string? received, string utc)
    {
        ChipRead read = Read("2026-10-25T02:30:00");
        Assert.Equal(utc, Resolve(new ReadTimeResolver(Madrid), ref read, received));
        Assert.Equal(ReadFlags.AmbiguousTime, read.Flags);
    }

    [Fact]
    public void A_time_that_does_not_exist_is_read_with_the_offset_before_the_step_and_flagged()
    {
        ChipRead read = Read("2026-03-29T02:30:00");
        Assert.Equal("2026-03-29T01:30:00.000", Resolve(new ReadTimeResolver(Madrid), ref read));
        Assert.Equal(ReadFlags.SkippedTime, read.Flags);
    }

    [Theory]
    [InlineData("23:59:59", "2026-05-17T00:00:01", "2026-05-16T23:59:59.000")]
    [InlineData("00:00:01", "2026-05-16T23:59:59", "2026-05-17T00:00:01.000")]
    [InlineData("11:22:47.392", "2026-05-17T11:22:48", "2026-05-17T11:22:47.392")]
    public void A_time_of_day_takes_the_date_nearest_to_its_arrival(string time, string received, string utc)
    {
        ChipRead read = Read(time, ReadFlags.NoDate);
        Assert.Equal(utc, Resolve(new ReadTimeResolver(ZoneRules.Utc), ref read, received));
    }

    [Fact]
    public void A_time_of_day_in_a_file_rolls_over_midnight_from_the_session_date()
    {
        ReadTimeResolver resolver = new(ZoneRules.Utc, sessionDate: new DateOnly(2026, 5, 16));
        List<string?> times = [];
        foreach (string time in new[] { "20:00:00", "23:59:00", "00:01:00", "05:00:00", "23:59:30" })
        {
            ChipRead read = Read(time, ReadFlags.NoDate);
            times.Add(Resolve(resolver, ref read));
        }

        Assert.Equal(
            [
                "2026-05-16T20:00:00.000", "2026-05-16T23:59:00.000", "2026-05-17T00:01:00.000",
                "2026-05-17T05:00:00.000", "2026-05-16T23:59:30.000",
            ],
            times);
    }

    [Fact]
    public void Without_any_date_there_is_no_instant()
    {
        ChipRead read = Read("11:22:47", ReadFlags.NoDate);
        Assert.Null(Resolve(new ReadTimeResolver(ZoneRules.Utc), ref read));
    }

    [Theory]
    [InlineData("1970-01-01T00:00:03")]
    [InlineData("1980-01-01T00:05:00")]
    [InlineData("1999-12-31T23:59:59")]
    public void A_clock_that_was_never_set_gives_no_instant(string time)
    {
        ChipRead read = Read(time, ReadFlags.ZoneKnown);
        Assert.Null(Resolve(new ReadTimeResolver(ZoneRules.Utc), ref read, "2026-05-17T00:00:01"));
        Assert.Equal(ReadFlags.ZoneKnown | ReadFlags.ClockNotSet, read.Flags);
    }

    [Fact]
    public void A_clock_that_the_parser_knows_was_never_set_gives_no_instant()
    {
        ChipRead read = Read("2000-01-01T02:41:15", ReadFlags.ZoneKnown | ReadFlags.ClockNotSet);
        Assert.Null(Resolve(new ReadTimeResolver(ZoneRules.Utc), ref read, "2026-05-17T00:00:01"));
        Assert.Equal(ReadFlags.ZoneKnown | ReadFlags.ClockNotSet, read.Flags);
    }

    [Fact]
    public void A_correction_moves_the_instant_and_leaves_the_readers_time()
    {
        ChipRead read = Read("2026-05-17T10:00:00", ReadFlags.ZoneKnown);
        ReadTimeResolver resolver = new(ZoneRules.Utc, offset: TimeSpan.FromSeconds(-30.5));
        Assert.Equal("2026-05-17T09:59:29.500", Resolve(resolver, ref read));
        Assert.Equal(Ticks("2026-05-17T10:00:00"), read.Time);
    }

    [Theory]
    [InlineData("+02:00", 120)]
    [InlineData("-05:30", -330)]
    [InlineData("UTC", 0)]
    public void A_zone_may_be_an_offset(string name, int minutes)
    {
        ZoneRules zone = ZoneRules.Find(name);
        Assert.Equal(minutes, zone.BaseOffsetMinutes);
        Assert.Empty(zone.TransitionsUtc);
    }

    [Fact]
    public void An_unknown_zone_is_said() =>
        Assert.Throws<TimeZoneNotFoundException>(() => ZoneRules.Find("Europe/Madird"));

    [Fact]
    public void Zone_rules_agree_with_the_machines_own_wherever_the_time_exists_once()
    {
        TimeZoneInfo[] zones = [.. new[] { "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata" }
            .Select(TimeZoneInfo.FindSystemTimeZoneById)];
        ZoneRules[] rules = [.. zones.Select(zone => ZoneRules.FromTimeZone(zone, 2020, 2030))];
        Gen.Select(Gen.Int[0, zones.Length - 1], Gen.Int[0, 9 * 365 * 24 * 60]).Sample((z, minutes) =>
        {
            DateTime local = new DateTime(2020, 6, 1).AddMinutes(minutes);
            if (zones[z].IsInvalidTime(local) || zones[z].IsAmbiguousTime(local))
                return;
            ReadFlags flags = ReadFlags.None;
            long utc = rules[z].ToUtc(local.Ticks - DateTime.UnixEpoch.Ticks, 0, ref flags);
            Assert.Equal(TimeZoneInfo.ConvertTimeToUtc(local, zones[z]), EpochTime.ToUtc(utc));
            Assert.Equal(ReadFlags.None, flags);
        });
    }

    [Fact]
    public void A_resolver_that_remembers_gives_what_the_rules_give_in_any_order_of_times()
    {
        long start = Ticks("2025-12-01T00:00:00");
        int flagged = 0;
        Gen.Int[0, 24 * 400 * 4].Array[1, 60].Sample(quarters =>
        {
            ReadTimeResolver resolver = new(Madrid);
            foreach (int quarter in quarters.Concat(quarters.Select(q => (24 * 4 * 117) + (q % 400))))
            {
                ChipRead read = default;
                read.Time = start + (quarter * 15 * TimeSpan.TicksPerMinute);
                ReadFlags flags = ReadFlags.None;
                long expected = Madrid.ToUtc(read.Time, 0, ref flags);
                Assert.True(resolver.TryResolve(ref read, 0, out long utc));
                Assert.Equal((expected, flags), (utc, read.Flags));
                flagged += flags != ReadFlags.None ? 1 : 0;
            }
        }, iter: 500, threads: 1);
        Assert.InRange(flagged, 50, int.MaxValue);
    }

    static ChipRead Counted(double seconds)
    {
        ChipRead read = default;
        read.Reset();
        read.Time = (long)(seconds * TimeSpan.TicksPerSecond);
        read.Flags = ReadFlags.SinceStart;
        return read;
    }

    [Fact]
    public void A_clock_that_counts_from_its_start_is_anchored_by_the_first_arrival()
    {
        ReadTimeResolver resolver = new(Madrid, offset: TimeSpan.FromSeconds(1));
        ChipRead first = Counted(100), early = Counted(99.5), late = Counted(160.25);
        Assert.Equal("2026-05-17T08:00:01.000", Resolve(resolver, ref first, "2026-05-17T08:00:00"));
        Assert.Equal("2026-05-17T08:00:00.500", Resolve(resolver, ref early, "2026-05-17T08:00:07"));
        Assert.Equal("2026-05-17T08:01:01.250", Resolve(resolver, ref late, "2026-05-17T08:02:00"));
        Assert.Equal(ReadFlags.SinceStart, late.Flags);
    }

    [Fact]
    public void A_count_that_fell_back_was_restarted_and_is_anchored_again()
    {
        ReadTimeResolver resolver = new(Madrid);
        ChipRead before = Counted(5000), restarted = Counted(12), after = Counted(13);
        Resolve(resolver, ref before, "2026-05-17T08:00:00");
        Assert.Equal("2026-05-17T09:00:00.000", Resolve(resolver, ref restarted, "2026-05-17T09:00:00"));
        Assert.Equal("2026-05-17T09:00:01.000", Resolve(resolver, ref after, "2026-05-17T09:30:00"));
    }

    [Fact]
    public void An_old_read_told_late_is_no_restart()
    {
        ReadTimeResolver resolver = new(Madrid);
        ChipRead before = Counted(5000), old = Counted(4000), after = Counted(5002);
        Resolve(resolver, ref before, "2026-05-17T08:00:00");
        Assert.Equal("2026-05-17T07:43:20.000", Resolve(resolver, ref old, "2026-05-17T08:00:01"));
        Assert.Equal("2026-05-17T08:00:02.000", Resolve(resolver, ref after, "2026-05-17T08:00:02"));
    }

    [Fact]
    public void A_reader_connected_anew_is_anchored_again_although_it_counts_higher()
    {
        ReadTimeResolver resolver = new(Madrid);
        ChipRead before = Counted(5), after = Counted(600);
        Resolve(resolver, ref before, "2026-05-17T08:00:00");
        resolver.Reconnected();
        Assert.Equal("2026-05-17T09:00:00.000", Resolve(resolver, ref after, "2026-05-17T09:00:00"));
    }

    [Fact]
    public void Without_arrivals_a_count_begins_at_the_session_dates_midnight_or_has_no_time()
    {
        ChipRead read = Counted(3600);
        Assert.Null(Resolve(new ReadTimeResolver(Madrid), ref read));
        Assert.Equal(
            "2026-05-16T23:00:00.000", Resolve(new ReadTimeResolver(Madrid, sessionDate: new DateOnly(2026, 5, 17)), ref read));
    }

    [Fact]
    public void A_clock_without_a_date_that_was_never_set_needs_a_session_date()
    {
        const ReadFlags Unset = ReadFlags.NoDate | ReadFlags.ClockNotSet;
        ChipRead unset = Read("00:00:02", Unset);
        Assert.Null(Resolve(new ReadTimeResolver(Madrid), ref unset, "2026-05-17T08:00:00"));
        Assert.Equal(Unset, unset.Flags);
        ReadTimeResolver resolver = new(Madrid, sessionDate: new DateOnly(2026, 5, 17));
        Assert.Equal("2026-05-16T22:00:02.000", Resolve(resolver, ref unset));
        Assert.Equal(ReadFlags.NoDate, unset.Flags);
    }

    [Fact]
    public void Days_beyond_the_first_count_from_the_session_date_or_are_told_by_arrival()
    {
        ChipRead third = Read("2.09:30:00", ReadFlags.NoDate);
        ReadTimeResolver recorded = new(Madrid, sessionDate: new DateOnly(2026, 5, 17));
        Assert.Equal("2026-05-19T07:30:00.000", Resolve(recorded, ref third));
        ChipRead first = Read("09:30:00", ReadFlags.NoDate);
        Assert.Equal("2026-05-19T07:30:00.000", Resolve(recorded, ref first));
        Assert.Equal("2026-05-20T07:30:00.000", Resolve(new ReadTimeResolver(Madrid), ref third, "2026-05-20T07:31:00"));
    }
}
