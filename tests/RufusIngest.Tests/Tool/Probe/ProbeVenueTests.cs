using System.Text.Json;
using CsCheck;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;
using RufusIngest.Tool;

namespace RufusIngest.Tests.Tool.Probe;

/// <summary>A venue server started with a profile and probed gives that profile back.</summary>
public sealed class ProbeVenueTests
{
    const int MaxPassings = 64;

    public static TheoryData<CloudProfile> EachMemberAlone =>
    [
        new CloudProfile(),
        new CloudProfile { Envelope = CloudEnvelope.Wrapped },
        new CloudProfile { Envelope = CloudEnvelope.WrappedText },
        new CloudProfile { ApiKeyHeader = false },
        new CloudProfile { XApiKeyHeader = false },
        new CloudProfile { KeyMissingStatus = 401 },
        new CloudProfile { KeyUnknownStatus = 401 },
        new CloudProfile { BindStatus = 200 },
        new CloudProfile { BindStatus = 409 },
        new CloudProfile { BindAgainStatus = 201 },
        new CloudProfile { BindTakesType = false },
        new CloudProfile { BindNeedsType = true },
        new CloudProfile { OpenStatus = 200 },
        new CloudProfile { CloseAgainStatus = 404 },
        new CloudProfile { CloseAgainStatus = 204 },
        new CloudProfile { MissingMemberStatus = 422 },
        new CloudProfile { InsertStatus = 200 },
        new CloudProfile { AllDuplicatesStatus = 409 },
        new CloudProfile { AllDuplicatesStatus = 208 },
        new CloudProfile { DuplicateCount = false },
        new CloudProfile { DuplicateKey = DuplicateKey.Number },
        new CloudProfile { SessionClosedStatus = 400 },
        new CloudProfile { SessionUnknownStatus = 410 },
        new CloudProfile { MaxPassingsPerPost = 1 },
        new CloudProfile { MaxPassingsPerPost = 3 },
        new CloudProfile { MaxPassingsPerPost = 32 },
        new CloudProfile { MaxPassingsPerPost = 63 },
        new CloudProfile { MaxPassingsPerPost = 64 },
        new CloudProfile { MaxPassingsPerPost = 65 },
        new CloudProfile { MaxPassingsPerPost = 10, TooManyStatus = 400 },
        new CloudProfile { ChipMember = false },
        new CloudProfile { ChipsMember = false },
        new CloudProfile { UnknownMembers = false },
        new CloudProfile { UnknownMembers = false, ChipMember = false, ChipsMember = false },
        new CloudProfile { EmptyBib = false },
        new CloudProfile { CoordinatesAsText = false },
        new CloudProfile { CoordinatesAsNumber = false },
        new CloudProfile { InvalidPassing = InvalidPassingRule.RefusesBatch },
        new CloudProfile { RangeIsInclusive = true },
        new CloudProfile { Pagination = false },
        new CloudProfile { Feed = false },
    ];

    [Theory]
    [MemberData(nameof(EachMemberAlone))]
    public async Task A_member_comes_back(CloudProfile profile) => await AssertComesBackAsync(profile);

    [Fact]
    public async Task Every_combination_comes_back() => await GenProfile.SampleAsync(
        AssertComesBackAsync, iter: 20, threads: 1, print: profile => JsonSerializer.Serialize(profile));

    static readonly Gen<int> GenSuccess = Gen.OneOf(200, 201, 202);
    static readonly Gen<int> GenRefusal = Gen.OneOf(400, 401, 403, 404, 409, 410, 413, 422);

    static readonly Gen<CloudProfile> GenKeys = Gen.Select(
        Gen.Int[0, 2], GenRefusal, GenRefusal, GenSuccess, Gen.OneOf(200, 201, 409), Gen.Int[0, 2],
        (headers, missing, unknown, bind, again, type) => new CloudProfile
        {
            ApiKeyHeader = headers != 1,
            XApiKeyHeader = headers != 2,
            KeyMissingStatus = missing,
            KeyUnknownStatus = unknown,
            BindStatus = bind,
            BindAgainStatus = again,
            BindTakesType = type != 1,
            BindNeedsType = type == 2,
        });

    static readonly Gen<CloudProfile> GenStatuses = Gen.Select(
        GenKeys, GenSuccess, Gen.OneOf(200, 204, 400, 404, 409), GenRefusal, GenSuccess,
        Gen.OneOf(200, 201, 208, 409), GenRefusal, GenRefusal,
        (profile, open, closeAgain, missing, insert, duplicates, closed, unknown) => profile with
        {
            OpenStatus = open,
            CloseAgainStatus = closeAgain,
            MissingMemberStatus = missing,
            InsertStatus = insert,
            AllDuplicatesStatus = duplicates,
            SessionClosedStatus = closed,
            SessionUnknownStatus = unknown,
        });

    static readonly Gen<CloudProfile> GenProfile = Gen.Select(
        GenStatuses, Gen.Enum<CloudEnvelope>(), Gen.Int[1, 2 * MaxPassings], Gen.OneOf(400, 413, 422),
        Gen.Bool.Array[9],
        (profile, envelope, most, tooMany, yes) => profile with
        {
            Envelope = envelope,
            MaxPassingsPerPost = most,
            TooManyStatus = tooMany,
            DuplicateCount = yes[0],
            ChipMember = yes[1],
            ChipsMember = yes[2],
            UnknownMembers = yes[3],
            EmptyBib = yes[4],
            CoordinatesAsText = yes[5],
            CoordinatesAsNumber = yes[6],
            Pagination = yes[7],
            Feed = yes[8],
        });

    static async Task AssertComesBackAsync(CloudProfile profile)
    {
        await using TestVenue venue = await TestVenue.StartAsync(profile);
        ProbeTrial trial = await ProbeTrial.OfAsync(
            venue, with: settings => settings with { MaxPassings = MaxPassings });

        Assert.Null(trial.End);
        CloudProfile expected = Filled(profile);
        Assert.Equal(expected, trial.Profile with { Address = null, ProbedAt = null });
        Assert.Equal(trial.Profile, Loaded(trial.SavedProfile));
    }

    /// <summary>What the server does, as far as a probe of so many passings can see.</summary>
    static CloudProfile Filled(CloudProfile profile)
    {
        bool isFound = profile.MaxPassingsPerPost <= MaxPassings - 1;
        return new()
        {
            Envelope = profile.Envelope ?? CloudEnvelope.Flat,
            ApiKeyHeader = profile.ApiKeyHeader ?? true,
            XApiKeyHeader = profile.XApiKeyHeader ?? true,
            KeyMissingStatus = profile.KeyMissingStatus ?? 403,
            KeyUnknownStatus = profile.KeyUnknownStatus ?? 403,
            BindStatus = profile.BindStatus ?? 201,
            BindAgainStatus = profile.BindAgainStatus ?? 409,
            BindTakesType = profile.BindTakesType ?? true,
            BindNeedsType = profile.BindNeedsType ?? false,
            OpenStatus = profile.OpenStatus ?? 201,
            CloseAgainStatus = profile.CloseAgainStatus ?? 200,
            MissingMemberStatus = profile.MissingMemberStatus ?? 400,
            InsertStatus = profile.InsertStatus ?? 201,
            AllDuplicatesStatus = profile.AllDuplicatesStatus ?? profile.InsertStatus ?? 201,
            DuplicateCount = profile.DuplicateCount ?? true,
            DuplicateKey = DuplicateKey.Number,
            SessionClosedStatus = profile.SessionClosedStatus ?? 404,
            SessionUnknownStatus = profile.SessionUnknownStatus ?? 404,
            MaxPassingsPerPost = isFound ? profile.MaxPassingsPerPost : null,
            PassingsPerPostTried = isFound ? profile.MaxPassingsPerPost : MaxPassings,
            TooManyStatus = isFound ? profile.TooManyStatus ?? 413 : null,
            ChipMember = profile.ChipMember ?? true,
            ChipsMember = profile.ChipsMember ?? true,
            UnknownMembers = profile.UnknownMembers ?? true,
            EmptyBib = profile.EmptyBib ?? true,
            CoordinatesAsText = profile.CoordinatesAsText ?? true,
            CoordinatesAsNumber = profile.CoordinatesAsNumber ?? true,
            InvalidPassing = profile.MaxPassingsPerPost < 3 ? null : InvalidPassingRule.RefusesBatch,
            RangeIsInclusive = true,
            Pagination = profile.Pagination ?? true,
            Feed = profile.Feed ?? true,
        };
    }

    static CloudProfile Loaded(string json)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, json);
        CloudProfile profile = CloudProfile.Load(path);
        File.Delete(path);
        return profile;
    }

    [Fact]
    public async Task The_command_writes_files_and_the_profile_that_a_server_started_with_it_gives_again()
    {
        string folder = Directory.CreateTempSubdirectory("probe-").FullName;
        string key = Path.Combine(folder, "key");
        await File.WriteAllTextAsync(key, TestVenue.ReadWriteKey + "\n", TestContext.Current.CancellationToken);
        string first = Path.Combine(folder, "first.json");
        string second = Path.Combine(folder, "second.json");
        await using TestVenue venue = await TestVenue.StartAsync(new CloudProfile { MaxPassingsPerPost = 1_500 });
        ToolRun run = await ToolRun.Of(
            "probe", "--device", "D-1", "--base-address", venue.Server.BaseAddress.ToString(), "--api-key-file", key,
            "--profile", first, "--record", Path.Combine(folder, "record.jsonl"), "--yes");
        await using TestVenue rehearsal = await TestVenue.StartAsync(CloudProfile.Load(first));
        ToolRun again = await ToolRun.Of(
            "probe", "--device", "D-2", "--base-address", rehearsal.Server.BaseAddress.ToString(), "--api-key-file",
            key, "--profile", second, "--yes", "--json");

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.Equal(ExitCode.Done, again.ExitCode);
        Assert.Matches(@"passings per POST +1,000, doubled", run.Output);
        Assert.Contains("Still open: nothing that was asked.", run.Output, StringComparison.Ordinal);
        Assert.Contains("Not tried by any probe: request rate", run.Output, StringComparison.Ordinal);
        CloudProfile found = CloudProfile.Load(first);
        Assert.Equal(1_500, found.MaxPassingsPerPost);
        Assert.Equal(
            found with { Address = null, ProbedAt = null },
            CloudProfile.Load(second) with { Address = null, ProbedAt = null });
        string[] exchanges = await File.ReadAllLinesAsync(
            Path.Combine(folder, "record.jsonl"), TestContext.Current.CancellationToken);
        Assert.All(exchanges, line => Assert.True(line.Length < 3 * 2_000 + 1_000));
        Assert.DoesNotContain(exchanges, line => line.Contains(TestVenue.ReadWriteKey, StringComparison.Ordinal));
        JsonElement insert = exchanges.Select(line => JsonDocument.Parse(line).RootElement)
            .First(line => line.GetProperty("path").GetString() == "passings"
                && line.GetProperty("status").GetInt32() == 201);
        Assert.Equal("POST", insert.GetProperty("method").GetString());
        Assert.Equal("""["api_key","x-api-key"]""", insert.GetProperty("key_headers").GetRawText());
        Assert.Contains("inserted_count", insert.GetProperty("answer").GetString(), StringComparison.Ordinal);
        Assert.Equal("application/json", insert.GetProperty("headers").GetProperty("Content-Type").GetString());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_device_that_was_bound_before_leaves_the_first_binding_open()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        await venue.BindAsync("SN-PROBE");
        ProbeTrial trial = await ProbeTrial.OfAsync(venue);

        Assert.Null(trial.Profile.BindStatus);
        Assert.Equal(409, trial.Profile.BindAgainStatus);
        Assert.Equal("the device was bound before", trial.Seen("bind"));
    }

    [Fact]
    public async Task A_session_that_another_probe_left_open_is_no_obstacle_and_one_of_a_race_is()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string device = await venue.BindAsync("SN-PROBE");
        await venue.PostAsync("sessions", $$"""{"deviceid":"{{device}}","alias":"rufus-ingest probe"}""");
        Assert.Null((await ProbeTrial.OfAsync(venue)).End);

        string race = await venue.OpenAsync(device);
        ProbeTrial trial = await ProbeTrial.OfAsync(venue);
        Assert.Equal(ExitCode.Refused, trial.End!.ExitCode);
        Assert.Contains("active session", trial.End.Message, StringComparison.Ordinal);
        Assert.Contains("\"active\":true", (await venue.GetAsync($"sessions/{race}")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_only_writes_finds_all_that_needs_no_reading()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        ProbeTrial trial = await ProbeTrial.OfAsync(
            venue, TestVenue.WriteKey, settings => settings with { MaxPassings = MaxPassings, ReplaceActive = true });

        Assert.Equal(
            Filled(new()) with
            {
                ChipMember = null,
                ChipsMember = null,
                RangeIsInclusive = null,
                Pagination = null,
                Feed = null,
            },
            trial.Profile with { Address = null, ProbedAt = null });
    }

    [Fact]
    public async Task A_key_that_only_reads_cannot_probe()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        ProbeTrial trial = await ProbeTrial.OfAsync(venue, TestVenue.ReadKey);

        Assert.Equal(ExitCode.Refused, trial.End!.ExitCode);
        Assert.Contains("may not write", trial.End.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--max-passings", "3")]
    [InlineData("--device", " ")]
    [InlineData("--base-address", "api.runonrufus.com")]
    [InlineData("--base-address", "https://me:secret@api.runonrufus.com/v0/")]
    [InlineData("--api-key-file", "no-such-file")]
    [InlineData("--api-key", "two words")]
    [InlineData("--profile", "no-such-folder/profile.json")]
    [InlineData("--record", "no-such-folder/record.jsonl")]
    public async Task What_cannot_be_used_is_said_before_anything_is_sent(string option, string value)
    {
        string[] key = option.StartsWith("--api-key", StringComparison.Ordinal) ? [] : ["--api-key", ProbedCloud.Key];
        string[] address = option == "--base-address" ? [] : ["--base-address", "http://127.0.0.1:1/v0"];
        string[] device = option == "--device" ? [] : ["--device", "D"];
        ToolRun run = await ToolRun.Of(["probe", "--yes", .. device, .. key, .. address, option, value]);

        Assert.Equal(ExitCode.BadInput, run.ExitCode);
        Assert.DoesNotContain("secret", run.Error, StringComparison.Ordinal);
    }
}
