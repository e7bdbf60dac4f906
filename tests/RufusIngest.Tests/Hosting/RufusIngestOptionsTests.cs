using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RufusIngest.Cloud;
using RufusIngest.Hosting;
using RufusIngest.Passings;
using RufusIngest.Readers;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Hosting;

public sealed class RufusIngestOptionsTests
{
    [Fact]
    public void Good_options_have_no_fault() => Assert.Empty(FaultsOf(_ => { }));

    [Fact]
    public void All_faults_are_told_at_once_each_by_the_name_of_its_option()
    {
        string[] faults = FaultsOf(options =>
        {
            options.ApiKey = null;
            options.BaseAddress = new("ftp://cloud.test/");
            options.ProfileFile = "/no/such/profile.json";
            options.JournalFile = "/no/such/folder/race.journal";
            options.DegradedAfter = TimeSpan.Zero;
            options.Locations.Add(new() { Name = "Start", DeadTime = -TimeSpan.FromSeconds(1), Token = "t" });
            options.Locations.Add(new() { Name = "Start", ReorderDelay = TimeSpan.FromDays(2), Token = "t" });
            options.Readers.Add(new() { Name = "mat", Protocol = "ipicco", Location = "Finsh", Zone = "Europe/Madird" });
            options.Readers.Add(new() { Protocol = "ultra", Location = "Start" });
            options.Upload.MaxPassingsPerPost = 0;
            options.Upload.RequestTimeout = TimeSpan.Zero;
            options.Upload.WhenSessionGone = SessionGonePolicy.OpenNew;
            options.Reads.MaxAttempts = 99;
        });
        Assert.Equal(
            [
                "RufusIngest:ApiKey is missing; give the key, or set Send to false to send nothing.",
                "RufusIngest:BaseAddress 'ftp://cloud.test/' is not an absolute http or https address.",
                "RufusIngest:ProfileFile cannot be used: Could not find a part of the path '/no/such/profile.json'.",
                "RufusIngest:JournalFile '/no/such/folder/race.journal' is in a folder that does not exist.",
                "RufusIngest:Locations:2:Name is also that of Locations:1.",
                "RufusIngest:Locations:2:Token is also that of Locations:1.",
                "RufusIngest:Locations:0:DeviceId is missing; Upload:WhenSessionGone OpenNew needs it.",
                "RufusIngest:Locations:1:DeadTime is -00:00:01; it must be 00:00:00 to 1.00:00:00.",
                "RufusIngest:Locations:1:DeviceId is missing; Upload:WhenSessionGone OpenNew needs it.",
                "RufusIngest:Locations:2:ReorderDelay is 2.00:00:00; it must be 00:00:00 to 1.00:00:00.",
                "RufusIngest:Locations:2:DeviceId is missing; Upload:WhenSessionGone OpenNew needs it.",
                "RufusIngest:Readers:1:Name is also that of Readers:0.",
                "RufusIngest:Readers:2:Name is empty.",
                $"RufusIngest:Readers:1:Protocol 'ipicco' is not one of the protocols: {string.Join(", ", ReaderProtocol.All)}.",
                "RufusIngest:Readers:1:Location 'Finsh' is not one of the locations: Finish, Start, Start.",
                "RufusIngest:Readers:1:Zone 'Europe/Madird' is not a time zone that this machine knows.",
                "RufusIngest:Upload:MaxPassingsPerPost is 0; it must be at least 1.",
                "RufusIngest:Upload:RequestTimeout is 00:00:00; it must be 00:00:00.0000001 to 1.00:00:00.",
                "RufusIngest:Reads:MaxAttempts is 99; it must be 1 to 20.",
                "RufusIngest:DegradedAfter is 00:00:00; it must be above zero.",
            ],
            faults);
    }

    [Fact]
    public void Two_locations_of_one_device_are_a_fault() => Assert.Equal(
        ["RufusIngest:Locations:1:DeviceId is also that of Locations:0."],
        FaultsOf(options =>
        {
            options.Locations[0].DeviceId = "d";
            options.Locations.Add(new() { Name = "Start", DeviceId = "d" });
        }));

    [Fact]
    public void A_key_that_cannot_be_used_is_not_shown()
    {
        string fault = Assert.Single(FaultsOf(options => options.ApiKey = "ror secret"));
        Assert.Equal("RufusIngest:ApiKey must be visible ASCII, without spaces.", fault);
    }

    [Fact]
    public void Nothing_is_asked_of_key_and_address_when_nothing_is_sent() => Assert.Empty(FaultsOf(options =>
    {
        options.Send = false;
        options.ApiKey = null;
        options.BaseAddress = new("relative", UriKind.Relative);
    }));

    [Fact]
    public void A_protocol_of_the_hosts_own_may_be_named() => Assert.Empty(FaultsOf(options =>
    {
        options.ConfigurePipeline(pipeline => pipeline with
        {
            Protocols = [.. pipeline.Protocols, ReaderProtocol.Create<IpicoParser>("mine", "Mine")],
        });
        options.Readers[0].Protocol = "mine";
    }));

    [Fact]
    public void Configuration_binds_every_kind_of_option()
    {
        using ServiceProvider services = Bind(new()
        {
            ["RufusIngest:BaseAddress"] = "http://10.0.0.1:8080/v0",
            ["RufusIngest:ApiKey"] = ScriptedCloud.Key,
            ["RufusIngest:DegradedAfter"] = "00:02:00",
            ["RufusIngest:Locations:0:Name"] = "Finish",
            ["RufusIngest:Locations:0:DeadTime"] = "00:00:30",
            ["RufusIngest:Locations:0:Token"] = "token",
            ["RufusIngest:Readers:0:Name"] = "mat",
            ["RufusIngest:Readers:0:Protocol"] = "ultra",
            ["RufusIngest:Readers:0:Location"] = "Finish",
            ["RufusIngest:Readers:0:Zone"] = "+02:00",
            ["RufusIngest:Readers:0:SessionDate"] = "2026-05-17",
            ["RufusIngest:Upload:WhenSessionGone"] = "Hold",
            ["RufusIngest:Upload:CanRead"] = "false",
            ["RufusIngest:Upload:RequestTimeout"] = "00:00:10",
            ["RufusIngest:Reads:MaxAttempts"] = "2",
        });
        RufusIngestOptions options = services.GetRequiredService<IOptions<RufusIngestOptions>>().Value;
        Assert.Equal(("http://10.0.0.1:8080/v0", ScriptedCloud.Key), (options.BaseAddress.ToString(), options.ApiKey));
        Assert.Equal(TimeSpan.FromMinutes(2), options.DegradedAfter);
        IngestLocationOptions location = Assert.Single(options.Locations);
        Assert.Equal(("Finish", "token", 30), (location.Name, location.Token, location.DeadTime.TotalSeconds));
        Assert.Equal(TimeSpan.FromSeconds(0.85), location.BurstGap);
        IngestReaderOptions reader = Assert.Single(options.Readers);
        Assert.Equal(("mat", "ultra", "+02:00"), (reader.Name, reader.Protocol, reader.Zone));
        Assert.Equal(new DateOnly(2026, 5, 17), reader.SessionDate);
        Assert.Equal((false, 10), (options.Upload.CanRead, options.Upload.RequestTimeout.TotalSeconds));
        Assert.Equal(2, options.Reads.MaxAttempts);
    }

    [Fact]
    public void Configuration_binds_cleaning_lines_and_points_and_they_become_settings()
    {
        using ServiceProvider services = Bind(new()
        {
            ["RufusIngest:Send"] = "false",
            ["RufusIngest:Locations:0:Name"] = "Finish",
            ["RufusIngest:Locations:0:Policy"] = "Peak",
            ["RufusIngest:Locations:0:MaxBurst"] = "00:00:20",
            ["RufusIngest:Locations:0:MinLap"] = "00:01:00",
            ["RufusIngest:Locations:0:BackupWindow"] = "00:00:05",
            ["RufusIngest:Locations:0:IgnoreGhosts"] = "true",
            ["RufusIngest:Locations:0:ReportCompleted"] = "true",
            ["RufusIngest:Locations:0:ParkedAfter"] = "00:02:00",
            ["RufusIngest:Locations:0:Filter:IgnoreBefore"] = "2026-05-17T10:00:00+02:00",
            ["RufusIngest:Locations:0:Filter:IgnoreAfter"] = "2026-05-17T20:00:00+02:00",
            ["RufusIngest:Locations:0:Filter:Deny:0"] = "99",
            ["RufusIngest:Locations:0:Filter:Allow:0"] = "058000123b32",
            ["RufusIngest:Locations:0:Filter:Prefixes:0"] = "0580",
            ["RufusIngest:Locations:0:Filter:MinRssiDbm"] = "-70.5",
            ["RufusIngest:Locations:1:Name"] = "Start",
            ["RufusIngest:Readers:0:Name"] = "mat",
            ["RufusIngest:Readers:0:Protocol"] = "ultra",
            ["RufusIngest:Readers:0:Location"] = "Finish",
            ["RufusIngest:Readers:0:IsBackup"] = "true",
            ["RufusIngest:Readers:0:Points:0:Antennas:0"] = "3",
            ["RufusIngest:Readers:0:Points:0:SubReaders:0"] = "2",
            ["RufusIngest:Readers:0:Points:0:Name"] = "line",
            ["RufusIngest:Readers:0:Points:0:Location"] = "Start",
            ["RufusIngest:Readers:0:Points:0:IsBackup"] = "true",
        });
        IngestSettings settings = services.GetRequiredService<IOptions<RufusIngestOptions>>().Value.ToSettings();
        Assert.Equal(
            new GateOptions
            {
                Policy = PassingPolicy.Peak,
                MaxBurst = TimeSpan.FromSeconds(20),
                MinLap = TimeSpan.FromMinutes(1),
                BackupWindow = TimeSpan.FromSeconds(5),
                IgnoreGhosts = true,
                ReportCompleted = true,
                ParkedAfter = TimeSpan.FromMinutes(2),
            },
            settings.Locations[0].Gate);
        Assert.Equal(new GateOptions(), settings.Locations[1].Gate);
        ReadFilter filter = settings.Locations[0].Filter;
        Assert.Equal(new DateTimeOffset(2026, 5, 17, 8, 0, 0, TimeSpan.Zero), filter.IgnoreBefore);
        Assert.Equal(new DateTimeOffset(2026, 5, 17, 18, 0, 0, TimeSpan.Zero), filter.IgnoreAfter);
        Assert.Equal(-70.5m, filter.MinRssiDbm);
        Assert.Equal(["99", "058000123b32", "0580"], [.. filter.Deny, .. filter.Allow, .. filter.Prefixes]);
        Assert.True(settings.Readers[0].IsBackup);
        PointSettings point = Assert.Single(settings.Readers[0].Points);
        Assert.Equal([3, 2], [.. point.Antennas, .. point.SubReaders]);
        Assert.Equal(("line", "Start", true), (point.Name, point.Location, point.IsBackup));
    }

    [Fact]
    public void Cleaning_filters_and_points_that_cannot_be_are_faults() => Assert.Equal(
        [
            "RufusIngest:Locations:0:Policy Manual is no policy for reads.",
            "RufusIngest:Locations:0:MaxBurst is -00:00:01; it must be 00:00:00 to 1.00:00:00.",
            "RufusIngest:Locations:0:MinLap is -00:00:01; it must be 00:00:00 to 1.00:00:00.",
            "RufusIngest:Locations:0:BackupWindow is 2.00:00:00; it must be 00:00:00 to 1.00:00:00.",
            "RufusIngest:Locations:0:ParkedAfter is -00:00:01; it must be 00:00:00 to 1.00:00:00.",
            "RufusIngest:Locations:0:Filter:IgnoreBefore is later than IgnoreAfter; nothing would be kept.",
            "RufusIngest:Locations:0:Filter:Deny:1 '' is no chip code.",
            "RufusIngest:Locations:0:Filter:Prefixes:0 must be 1 to 60 bytes long.",
            "RufusIngest:Locations:0:Filter:MinRssiDbm is -301; it must be -300 to 300.",
            "RufusIngest:Readers:0:Points:0:Location 'Strat' is not one of the locations: Finish.",
            "RufusIngest:Readers:0:Points:0:Antennas:1 is 65536; it must be 0 to 65535.",
            "RufusIngest:Readers:0:Points:1:SubReaders:0 is -1; it must be 0 to 65535.",
            "RufusIngest:Readers:0:Points:1:Name must be 1 to 64 bytes long.",
        ],
        FaultsOf(options =>
        {
            IngestLocationOptions finish = options.Locations[0];
            finish.Policy = PassingPolicy.Manual;
            finish.MaxBurst = finish.MinLap = finish.ParkedAfter = -TimeSpan.FromSeconds(1);
            finish.BackupWindow = TimeSpan.FromDays(2);
            finish.Filter.IgnoreBefore = DateTimeOffset.UnixEpoch.AddDays(1);
            finish.Filter.IgnoreAfter = DateTimeOffset.UnixEpoch;
            finish.Filter.Deny.Add("58");
            finish.Filter.Deny.Add("");
            finish.Filter.Prefixes.Add("");
            finish.Filter.MinRssiDbm = -301;
            options.Readers[0].Points.Add(new() { Location = "Strat", Antennas = { 1, 65536 } });
            options.Readers[0].Points.Add(new() { SubReaders = { -1 }, Name = "" });
        }));

    [Fact]
    public void A_misspelt_option_is_a_fault_that_is_named()
    {
        using ServiceProvider services = Bind(new() { ["RufusIngest:Raeders:0:Name"] = "mat" });
        var fault = Assert.Throws<InvalidOperationException>(
            () => services.GetRequiredService<IOptions<RufusIngestOptions>>().Value);
        Assert.Contains("'Raeders'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_option_of_the_upload_is_there_with_its_default_and_handed_on()
    {
        IngestUploadOptions changed = new();
        UploadOptions defaults = new();
        foreach (var property in typeof(UploadOptions).GetProperties())
        {
            var mirrored = typeof(IngestUploadOptions).GetProperty(property.Name);
            Assert.True(mirrored is not null, property.Name);
            Assert.Equal(property.GetValue(defaults), mirrored.GetValue(changed));
            mirrored.SetValue(changed, property.PropertyType switch
            {
                var type when type == typeof(int) => 7,
                var type when type == typeof(TimeSpan) => TimeSpan.FromSeconds(7),
                var type when type == typeof(SessionGonePolicy) => SessionGonePolicy.OpenNew,
                _ => true,
            });
        }

        UploadOptions upload = changed.ToUpload();
        foreach (var property in typeof(UploadOptions).GetProperties())
            Assert.NotEqual(property.GetValue(defaults), property.GetValue(upload));
    }

    [Fact]
    public void The_key_is_in_no_text_of_the_options()
    {
        RufusIngestOptions options = Good();
        Assert.DoesNotContain(ScriptedCloud.Key, options.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(ScriptedCloud.Key, JsonSerializer.Serialize(options), StringComparison.Ordinal);
    }

    static ServiceProvider Bind(Dictionary<string, string?> settings)
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        return new ServiceCollection().AddRufusIngest(configuration.GetSection("RufusIngest")).BuildServiceProvider();
    }

    static string[] FaultsOf(Action<RufusIngestOptions> change)
    {
        using ServiceProvider services = new ServiceCollection().AddRufusIngest(options =>
        {
            Fill(options);
            change(options);
        }).BuildServiceProvider();
        try
        {
            _ = services.GetRequiredService<IOptions<RufusIngestOptions>>().Value;
            return [];
        }
        catch (OptionsValidationException exception)
        {
            Assert.DoesNotContain(ScriptedCloud.Key, exception.ToString(), StringComparison.Ordinal);
            return [.. exception.Failures];
        }
    }

    static RufusIngestOptions Good()
    {
        RufusIngestOptions options = new();
        Fill(options);
        return options;
    }

    static void Fill(RufusIngestOptions options)
    {
        options.ApiKey = ScriptedCloud.Key;
        options.Locations.Add(new() { Name = "Finish" });
        options.Readers.Add(new() { Name = "mat", Protocol = "ipico", Location = "Finish" });
    }
}
