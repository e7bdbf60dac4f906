using System.Text.Json;
using RufusIngest.Cloud;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Cloud;

/// <summary>What each operation asks and how it reads the answer, by script.</summary>
public sealed class CloudOperationTests : IDisposable
{
    static readonly DateTimeOffset Nine = new(2026, 5, 3, 9, 0, 0, 125, TimeSpan.Zero);

    readonly ScriptedCloud _cloud = new();

    static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _cloud.Dispose();

    RufusCloudClient Client(RufusCloudOptions? options = null) => new(_cloud.Client(), ScriptedCloud.Key, options);

    string Asked(int request = 0) => _cloud.Requests[request].Method + " " + _cloud.Requests[request].Path;

    /// <summary>The three dresses of one answer.</summary>
    public static TheoryData<string> Dresses => ["{0}", """{{"body":{0}}}""", "text"];

    void Answer(string dress, string body) => _cloud.Then(
        200,
        dress == "text"
            ? "{\"body\":" + JsonSerializer.Serialize(body) + "}"
            : string.Format(null, System.Text.CompositeFormat.Parse(dress), body));

    [Fact]
    public async Task a_device_is_unbound()
    {
        _cloud.Then(200, """{"description":"Device unbinded succesfully","deviceid":"D 1"}""");
        await Client().UnbindDeviceAsync("D 1", Cancelled);
        Assert.Equal("DELETE /v0/devices/D%201", Asked());
    }

    [Theory]
    [MemberData(nameof(Dresses))]
    public async Task devices_are_listed_with_the_members_of_both_generations(string dress)
    {
        Answer(dress, """
            {"description":"Success","result":[
            {"deviceid":"D1","type":"One4All","model":"M","alias":"Finish","firmware":"1.0.1","serial_number":"S",
            "creation_date":"2026-05-03T09:00:00.125Z","sessions":2,"passings":1208,"last_seen":"2026-05-03T09:00:00.125Z"},
            {"deviceid":"D2","firmware":null,"last_login":"2026-05-03T11:00:00.125+02:00","sessions":"3",
            "device_status":"ok","battery_percentage":81,"charging":false,"last_telemetry_at":"2026-05-03T09:00:00.125Z"},
            {"alias":7,"last_seen":"never","charging":"yes"}],
            "pagination":{"page":1,"limit":5000,"total":3,"has_more":false}}
            """);
        List<CloudDevice> devices = await Client().GetDevicesAsync(Cancelled).ToListAsync(Cancelled);
        CloudDevice[] expected =
        [
            new()
            {
                DeviceId = "D1",
                Type = "One4All",
                Model = "M",
                Alias = "Finish",
                Firmware = "1.0.1",
                SerialNumber = "S",
                CreationDate = Nine,
                Sessions = 2,
                Passings = 1208,
                LastSeen = Nine,
            },
            new()
            {
                DeviceId = "D2",
                LastSeen = Nine,
                Sessions = 3,
                Status = "ok",
                BatteryPercentage = 81,
                Charging = false,
                LastTelemetryAt = Nine,
            },
            new() { DeviceId = "", Alias = "7" },
        ];
        Assert.Equal(expected, devices);
        Assert.Equal("GET /v0/devices?page=1", Asked());
    }

    [Theory]
    [InlineData("""{"description":"Success","pagination":{"page":1,"limit":5000,"total":0,"has_more":false}}""")]
    [InlineData("""{"body":null}""")]
    [InlineData("")]
    public async Task an_account_without_devices_lists_none(string body)
    {
        _cloud.Then(200, body);
        Assert.Empty(await Client().GetDevicesAsync(Cancelled).ToListAsync(Cancelled));
    }

    [Fact]
    public async Task lists_whose_path_is_not_documented_can_be_elsewhere()
    {
        RufusCloudOptions options = new() { DevicesPath = "devices/company", EventsPath = "company/events?x=1" };
        _cloud.Then(404).Then(200);
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
            async () => await Client(options).GetDevicesAsync(Cancelled).ToListAsync(Cancelled));
        Assert.Equal(RufusFailure.NotFound, e.Failure); // The path may be wrong: not an account without devices.
        Assert.Empty(await Client(options).GetEventsAsync(Cancelled).ToListAsync(Cancelled));
        Assert.Equal("GET /v0/devices/company?page=1", Asked());
        Assert.Equal("GET /v0/company/events?x=1&page=1", Asked(1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/devices")]
    [InlineData("https://elsewhere.test/devices")]
    [InlineData("../v1/devices")]
    public void a_path_that_leads_elsewhere_is_refused_naming_the_option(string path)
    {
        foreach (RufusCloudOptions options in new RufusCloudOptions[]
        {
            new() { DevicesPath = path }, new() { EventsPath = path }, new() { TelemetryRoute = new() { Path = path } },
            new() { ParticipantsRoute = new() { Path = path } }, new() { CreateParticipantRoute = new() { Path = path } },
        })
        {
            ArgumentException e = Assert.Throws<ArgumentException>(() => Client(options));
            Assert.Matches("DevicesPath|EventsPath|TelemetryRoute|ParticipantsRoute|CreateParticipantRoute", e.Message);
        }
    }

    [Theory]
    [MemberData(nameof(Dresses))]
    public async Task a_device_is_read_from_an_object(string dress)
    {
        Answer(dress, """{"description":"Success","result":{"model":"M","passings":8,"new":{"a":[]}}}""");
        Assert.Equal(new() { DeviceId = "D", Model = "M", Passings = 8 }, await Client().GetDeviceAsync("D", Cancelled));
        Assert.Equal("GET /v0/devices/D", Asked());
    }

    [Theory]
    [InlineData(200, """{"result":[]}""")]
    [InlineData(200, """{"body":{"result":null}}""")]
    [InlineData(404, """{"description":"Device not found","deviceid":"D"}""")]
    public async Task a_device_that_is_not_there_is_not_found(int status, string body)
    {
        _cloud.Then(status, body);
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
            () => Client().GetDeviceAsync("D", Cancelled));
        Assert.Equal((RufusFailure.NotFound, status, "devices/D"), (e.Failure, e.Status, e.Path));
    }

    [Theory]
    [MemberData(nameof(Dresses))]
    public async Task sessions_of_a_device_are_listed_without_asking_for_a_page(string dress)
    {
        Answer(dress, """
            {"description":"Success","result":[
            {"token_session":"T2","alias":"Race","creation_date":"2026-05-03T09:00:00.125Z","active":true,"passings":1200},
            {"token_session":"T1","active":false,"passings":0,"duration":"2026-05-03T09:00:00.125Z"}]}
            """);
        CloudSession[] expected =
        [
            new() { TokenSession = "T2", Alias = "Race", CreationDate = Nine, Active = true, Passings = 1200 },
            new() { TokenSession = "T1", Active = false, Passings = 0, Duration = "2026-05-03T09:00:00.125Z" },
        ];
        Assert.Equal(expected, await Client().GetSessionsAsync("D", Cancelled).ToListAsync(Cancelled));
        Assert.Equal("GET /v0/sessions/device/D", Asked());
        Assert.Single(_cloud.Requests);
    }

    [Fact]
    public async Task sessions_go_on_to_a_second_page_only_when_the_server_says_that_there_is_one()
    {
        string full = string.Join(',', Enumerable.Range(0, 5000).Select(i => $"{{\"token_session\":\"T{i}\"}}"));
        _cloud.Then(200, "{\"result\":[" + full + "]}");
        Assert.Equal(5000, await Client().GetSessionsAsync("D", Cancelled).CountAsync(Cancelled));
        _cloud.Then(200, """{"result":[{"token_session":"A"}],"pagination":{"has_more":true}}""")
            .Then(200, """{"result":[{"token_session":"B"}],"pagination":{"has_more":false}}""");
        Assert.Equal(2, await Client().GetSessionsAsync("D", Cancelled).CountAsync(Cancelled));
        Assert.Equal("GET /v0/sessions/device/D?page=2", Asked(2));
        Assert.Equal(3, _cloud.Requests.Count);
    }

    [Theory]
    [InlineData("""{"result":[{"token_session":"T","active":true}]}""")]
    [InlineData("""{"result":{"token_session":"T","active":true}}""")]
    public async Task the_active_session_is_read_from_a_list_of_one_or_an_object(string body)
    {
        _cloud.Then(200, body);
        CloudSession? active = await Client().GetActiveSessionAsync("D", Cancelled);
        Assert.Equal(new() { TokenSession = "T", Active = true }, active);
        Assert.Equal("GET /v0/sessions/device/D/active", Asked());
    }

    [Theory]
    [InlineData(404, """{"description":"Sessions not found","deviceid":"D"}""")]
    [InlineData(200, """{"result":[]}""")]
    [InlineData(200, """{"body":{"result":null}}""")]
    public async Task a_device_without_an_active_session_has_none(int status, string body)
    {
        _cloud.Then(status, body);
        Assert.Null(await Client().GetActiveSessionAsync("D", Cancelled));
    }

    /// <summary>Whoever takes silence for "none" opens a session, and closes the one that runs.</summary>
    [Theory]
    [InlineData("""{"result":[{"active":true}]}""")]
    [InlineData("""{"description":"Success"}""")]
    [InlineData("""{"body":null}""")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"session":{"token_session":"T"}}""")]
    [InlineData("""{"result":"T"}""")]
    public async Task an_answer_that_does_not_say_whether_a_session_is_active_is_not_understood(string body)
    {
        _cloud.Then(200, body);
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
            () => Client().GetActiveSessionAsync("D", Cancelled));
        Assert.Equal(RufusFailure.AnswerNotUnderstood, e.Failure);
    }

    [Theory]
    [InlineData("""{"inserted_count":1,"duplicate_count":1}""", 1, 1)]
    [InlineData("""{"body":{"description":"Passings inserted succesfully","inserted_count":2}}""", 2, null)]
    [InlineData("", null, null)]
    public async Task passings_are_inserted_with_the_members_the_api_names_and_no_other(
        string answer, int? inserted, int? duplicates)
    {
        _cloud.Then(201, answer);
        CloudPassing first = new()
        {
            Number = 0,
            Bib = "7 \"a\"",
            Timestamp = new DateTimeOffset(2026, 5, 3, 11, 0, 0, TimeSpan.FromHours(2)).AddTicks(1_259_999),
            Chip = "58A1",
            Latitude = 12,
            Longitude = -3.25,
            Status = "Sent",
            ParticipantId = "p",
            TimeZone = "CET",
            Gender = "F",
            TokenSession = "other",
            DeviceId = "D",
        };
        CloudPassing second = new() { Number = 2, Bib = "", Timestamp = Nine, Latitude = 1 };
        Assert.Equal(new(inserted, duplicates), await Client().InsertPassingsAsync("T", [first, second], Cancelled));
        Assert.Equal("POST /v0/passings", Asked());
        Assert.Equal(
            """
            {"token_session":"T","passings_list":[{"bib":"7 \u0022a\u0022","num_passing":0,
            "timestamp":"2026-05-03T09:00:00.125Z","latitude":12,"longitude":-3.25,"chip":"58A1","status":"Sent",
            "participant_id":"p","timezone":"CET","gender":"F"},
            {"bib":"","num_passing":2,"timestamp":"2026-05-03T09:00:00.125Z","latitude":1}]}
            """.ReplaceLineEndings(""),
            _cloud.Requests[0].Body);
    }

    [Theory]
    [InlineData(404, "")]
    [InlineData(404, """{"description":"Session not found or closed","token_session":"T"}""")]
    [InlineData(400, """{"body":{"description":"session not found or closed"}}""")]
    public async Task an_insert_tells_that_the_session_is_gone(int status, string body)
    {
        _cloud.Then(status, body);
        RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(() => Client().InsertPassingsAsync(
            "T", [new() { Number = 1, Bib = "1", Timestamp = Nine }], Cancelled));
        Assert.Equal((RufusFailure.SessionGone, status), (e.Failure, e.Status));
    }

    [Fact]
    public async Task an_insert_that_makes_no_sense_is_not_sent()
    {
        foreach (CloudPassing[] passings in new CloudPassing[][]
        {
            [], [new() { Bib = "1", Timestamp = Nine }], [new() { Number = 1, Timestamp = Nine }],
            [new() { Number = 1, Bib = "1" }], [new() { Number = -1, Bib = "1", Timestamp = Nine }],
        })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => Client().InsertPassingsAsync("T", passings, Cancelled));
        }

        Assert.Empty(_cloud.Requests);
    }

    [Theory]
    [MemberData(nameof(Dresses))]
    public async Task passings_of_a_device_are_asked_for_by_time_in_utc_with_three_digits(string dress)
    {
        Answer(dress, """
            {"description":"Success","result":[{"token_session":"T","timestamp":"2026-05-03T09:00:00.125Z","num_passing":1,
            "latitude":"0.0","longitude":"0.0","status":"Sent","participant_id":null,"chips":"58A1","bib":"1",
            "timezone":"CET","gender":null,"deviceid":"D"}]}
            """);
        List<CloudPassing> passings = await Client()
            .GetDevicePassingsAsync("D", Nine.ToOffset(TimeSpan.FromHours(2)), Nine.AddTicks(9_999), Cancelled)
            .ToListAsync(Cancelled);
        CloudPassing expected = new()
        {
            TokenSession = "T",
            Timestamp = Nine,
            Number = 1,
            Latitude = 0,
            Longitude = 0,
            Status = "Sent",
            Chip = "58A1",
            Bib = "1",
            TimeZone = "CET",
            DeviceId = "D",
        };
        Assert.Equal([expected], passings);
        Assert.Equal(
            "GET /v0/passings/device/D?from=2026-05-03T09%3A00%3A00.125Z&to=2026-05-03T09%3A00%3A00.125Z&page=1", Asked());
    }

    [Theory]
    [MemberData(nameof(Dresses))]
    public async Task a_page_of_the_feed_tells_its_session(string dress)
    {
        Answer(dress, """
            {"description":"Success","deviceid":"D","session_used":"T2","session_label":"Race","resumed_from":42,
            "passings":[{"bib":"101","timestamp":"2026-05-03T09:00:00.125Z","num_passing":43,"chip":"58A1"}],"next":1}
            """);
        FeedPage page = await Client().GetFeedPageAsync("D", new("T1", 42), Nine, Nine, 3, Cancelled);
        Assert.Equal(("T2", "Race", 42), (page.TokenSession, page.Label, page.ResumedFrom));
        Assert.Equal(
            new() { Number = 43, Bib = "101", Timestamp = Nine, Chip = "58A1", TokenSession = "T2", DeviceId = "D" },
            Assert.Single(page.Passings));
        Assert.Equal(
            "GET /v0/passings/device2/D?token_session=T1&last=42&from=2026-05-03T09%3A00%3A00.125Z"
            + "&to=2026-05-03T09%3A00%3A00.125Z&page=3",
            Asked());
    }

    [Theory]
    [MemberData(nameof(Dresses))]
    public async Task events_are_listed(string dress)
    {
        Answer(dress, """
            {"description":"Success","result":[{"event_token":"E","name":"Cross","edition":"12","location":null,
            "status":"open","start_date":"2026-05-03T09:00:00.125Z","end_date":null}],
            "pagination":{"page":1,"limit":1000,"total":1,"has_more":false}}
            """);
        CloudEvent expected = new() { EventToken = "E", Name = "Cross", Edition = "12", Status = "open", StartDate = Nine };
        Assert.Equal([expected], await Client().GetEventsAsync(Cancelled).ToListAsync(Cancelled));
        Assert.Equal("GET /v0/events?page=1", Asked());
    }

    [Fact]
    public async Task a_full_page_of_events_is_a_thousand()
    {
        string full = string.Join(',', Enumerable.Range(0, 1000).Select(i => $"{{\"event_token\":\"E{i}\"}}"));
        _cloud.Then(200, "{\"result\":[" + full + "]}").Then(404);
        Assert.Equal(1000, await Client().GetEventsAsync(Cancelled).CountAsync(Cancelled));
        Assert.Equal(2, _cloud.Requests.Count);
    }

    [Fact]
    public async Task what_is_not_documented_is_off_until_its_route_is_given()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => Client().SendTelemetryAsync("D", new() { MeasuredAt = Nine }, Cancelled));
        Assert.Throws<InvalidOperationException>(() => Client().GetParticipantsAsync("E", Cancelled));
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => Client().CreateParticipantAsync("E", new(), Cancelled));
        Assert.Empty(_cloud.Requests);
    }

    [Fact]
    public async Task telemetry_goes_where_and_how_its_route_says()
    {
        RufusCloudOptions options = new()
        {
            TelemetryRoute = new()
            {
                Path = "devices/status/{deviceid}",
                Method = "PATCH",
                Members = new Dictionary<string, string> { ["measured_at"] = "at", ["charging"] = "" },
            },
        };
        DeviceTelemetry telemetry = new() { MeasuredAt = Nine, BatteryPercentage = 81, Charging = true, Status = "ok" };
        await Client(options).SendTelemetryAsync("D/1", telemetry, Cancelled);
        Assert.Equal("PATCH /v0/devices/status/D%2F1", Asked());
        Assert.Equal(
            """{"at":"2026-05-03T09:00:00.125Z","device_status":"ok","battery_percentage":81}""", _cloud.Requests[0].Body);
    }

    [Fact]
    public async Task participants_are_read_and_created_by_the_names_of_their_route()
    {
        CloudRoute route = new()
        {
            Path = "events/{event_token}/people",
            Members = new Dictionary<string, string> { ["bib"] = "dorsal" },
        };
        RufusCloudClient client = Client(new() { ParticipantsRoute = route, CreateParticipantRoute = route });
        _cloud.Then(200, """{"result":[{"dorsal":"7","chip":"58A1","name":"Ana","age":31,"paid":true,"club":null,"x":{}}]}""");
        CloudParticipant one = Assert.Single(await client.GetParticipantsAsync("E", Cancelled).ToListAsync(Cancelled));
        Assert.Equal(("7", "58A1"), (one.Bib, one.Chip));
        Assert.Equal([new("name", "Ana"), new("age", "31"), new("paid", "true")], one.Others);
        await client.CreateParticipantAsync("E", one, Cancelled);
        Assert.Equal("GET /v0/events/E/people?page=1", Asked());
        Assert.Equal("POST /v0/events/E/people", Asked(1));
        Assert.Equal("""{"dorsal":"7","chip":"58A1","name":"Ana","age":"31","paid":"true"}""", _cloud.Requests[1].Body);
    }

    [Fact]
    public async Task a_403_that_speaks_of_the_access_type_is_a_missing_permission()
    {
        _cloud.Then(403, """{"description":"Wrong API key access type"}""")
            .Then(403, """{"body":{"description":"Unbind permission required"}}""");
        foreach (CloudOperation operation in new[] { CloudOperation.All[0], CloudOperation.All[1] })
        {
            RufusCloudException e = await Assert.ThrowsAsync<RufusCloudException>(
                () => operation.Call(Client(), Cancelled));
            Assert.Equal((RufusFailure.PermissionMissing, 403), (e.Failure, e.Status));
        }
    }

    [Fact]
    public async Task a_profile_keeps_from_sending_what_the_server_does_not_take()
    {
        CloudProfile profile = new() { ApiKeyHeader = false, BindTakesType = false };
        _cloud.Then(201, """{"deviceid":"D"}""");
        await Client(new() { Profile = profile }).BindDeviceAsync("M", "S", cancellationToken: Cancelled);
        Assert.False(_cloud.Requests[0].Headers.ContainsKey("api_key"));
        Assert.True(_cloud.Requests[0].Headers.ContainsKey("x-api-key"));
        Assert.Equal("""{"model":"M","serial_number":"S"}""", _cloud.Requests[0].Body);
        RufusCloudOptions none = new() { Profile = new() { ApiKeyHeader = false }, SendXApiKeyHeader = false };
        Assert.Throws<ArgumentException>(() => Client(none));
    }
}
