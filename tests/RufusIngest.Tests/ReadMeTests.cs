using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using RufusIngest.Cloud;
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
        using HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(address) };
        RufusCloudClient cloud = new(http, apiKey);
        string device = await cloud.BindDeviceAsync("My timing software", "finish-1");
        string session = await cloud.OpenSessionAsync(device, "FINISH");

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
    public void The_readme_shows_the_example_that_runs()
    {
        string source = File.ReadAllText(ThisFile());
        string example = source[source.IndexOf("// README example begins", StringComparison.Ordinal)..];
        example = example[..example.IndexOf("// README example ends", StringComparison.Ordinal)];
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

    static string Root() => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    static string ThisFile([CallerFilePath] string path = "") => path;
}
