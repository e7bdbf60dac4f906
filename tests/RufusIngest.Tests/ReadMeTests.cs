using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using RufusIngest.Cloud;
using RufusIngest.Journal;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests;

public sealed class ReadMeTests
{
    [Fact]
    public async Task The_example_runs()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        string address = venue.Server.BaseAddress.ToString();
        string apiKey = TestVenue.ReadWriteKey;
        using MemoryStream connection = new(Encoding.ASCII.GetBytes(
            "aa0005800012860800012603062027472353\r\naa00058000120e3800012603062027510376\r\n"));

#pragma warning disable xUnit1051 // The example is shown without a test's cancellation.
        // README example begins
        using HttpClient http = RufusCloudClient.CreateHttpClient(new Uri(address)); // follows no redirect with the key
        RufusCloudClient cloud = new(http, apiKey);
        string device = await cloud.BindDeviceAsync("My timing software", "finish-1");
        string session = await cloud.OpenSessionAsync(device, "FINISH"); // closes the one the device has active

        await using IngestPipeline ingest = new(new IngestOptions
        {
            Settings = new IngestSettings
            {
                Locations = [new LocationSettings { Name = "FINISH" }],
                Readers =
                [
                    new ReaderSettings
                    {
                        Name = "mat", Protocol = "ipico", Location = "FINISH", Zone = ZoneRules.Find("Europe/Madrid"),
                    },
                ],
            },
        });
        PassingsUploader uploader = new(cloud);
        uploader.AttachSession("FINISH", session);
        Task sending = uploader.RunAsync(ingest.Batches);

        await ingest.ReadAsync("mat", PipeReader.Create(connection)); // once a connection; returns when it ends
        await ingest.CompleteAsync(); // decides what is still open
        await sending; // until the server has it all
        // README example ends
#pragma warning restore xUnit1051

        Assert.Equal(2, venue.Server.Counters.Inserted);
    }

    [Fact]
    public async Task The_example_with_a_journal_runs_and_goes_on()
    {
        await using TestVenue venue = await TestVenue.StartAsync();
        using HttpClient http = new() { BaseAddress = venue.Server.BaseAddress };
        RufusCloudClient cloud = new(http, TestVenue.ReadWriteKey);
        string device = await cloud.BindDeviceAsync("m", "s", cancellationToken: TestContext.Current.CancellationToken);
        using TempFolder folder = new();
        IngestOptions options = new()
        {
            Settings = new IngestSettings
            {
                Locations = [new LocationSettings { Name = "FINISH" }],
                Readers = [new ReaderSettings { Name = "mat", Protocol = "ipico", Location = "FINISH" }],
            },
        };
        await RunAsync("aa0005800012860800012603062027472353\r\n");
        await RunAsync("aa0005800012860800012603062027472353\r\naa00058000120e3800012603062027510376\r\n");
        Assert.Equal(2, venue.Server.Counters.Inserted);
        Assert.Equal(0, venue.Server.Counters.Duplicates);

        async Task RunAsync(string lines)
        {
            using MemoryStream connection = new(Encoding.ASCII.GetBytes(lines));
            await ReadAndSendAsync(folder.File("race.journal"), options, cloud, device, connection);
        }
    }

    static async Task ReadAndSendAsync(
        string file, IngestOptions options, RufusCloudClient cloud, string device, Stream connection)
    {
#pragma warning disable xUnit1051 // The example is shown without a test's cancellation.
        // README journal begins
        using SqliteJournal journal = SqliteJournal.Open(file);
        await using IngestPipeline ingest = await IngestPipeline.OpenAsync(options, journal); // applies what is there again
        PassingsUploader uploader = new(cloud);
        if (journal.GetSessions().All(session => session.Token is null)) // the journal keeps the token for the next start
            uploader.AttachSession("FINISH", await cloud.OpenSessionAsync(device, "FINISH"));
        TaskCompletionSource inputEnd = new();
        Task sending = uploader.RunAsync(journal, inputEnd.Task, CancellationToken.None); // passings come from the journal

        await ingest.ReadAsync("mat", PipeReader.Create(connection));
        await ingest.PauseAsync(); // decides what is open; CompleteAsync would also end the session
        inputEnd.SetResult();
        await sending;
        // README journal ends
#pragma warning restore xUnit1051
    }

    [Theory]
    [InlineData("example")]
    [InlineData("journal")]
    public void The_readme_shows_the_example_that_runs(string name)
    {
        string source = File.ReadAllText(ThisFile());
        string example = source[source.IndexOf($"// README {name} begins", StringComparison.Ordinal)..];
        example = example[..example.IndexOf($"// README {name} ends", StringComparison.Ordinal)];
        string[] lines = [.. example.Split('\n').Skip(1).SkipLast(1).Select(line => line.Length > 8 ? line[8..] : line.Trim())];
        string readme = File.ReadAllText(Path.Combine(Root(), "README.md"));
        Assert.Contains("```csharp\n" + string.Join('\n', lines) + "\n```", readme, StringComparison.Ordinal);
    }

    [Fact]
    public void The_readme_names_the_two_commands_and_every_exit_code()
    {
        string readme = File.ReadAllText(Path.Combine(Root(), "README.md"));
        foreach (int code in new[] { 0, 1, 2, 3, 4, 5 })
            Assert.Contains($"| {code} |", readme, StringComparison.Ordinal);
        Assert.Contains("dotnet run --project src/RufusIngest.Tool -c Release -- demo", readme, StringComparison.Ordinal);
        Assert.Contains("dotnet test --solution RufusIngest.sln -c Release", readme, StringComparison.Ordinal);
    }

    internal static string Root() => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    static string ThisFile([CallerFilePath] string path = "") => path;
}
