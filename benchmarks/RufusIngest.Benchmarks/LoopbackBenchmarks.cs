using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.ObjectPool;
using RufusIngest.Cloud;
using RufusIngest.Passings;
using RufusIngest.Reads;
using RufusIngest.Records;
using RufusIngest.Server;

namespace RufusIngest.Benchmarks;

/// <summary>Real sockets in one process; each measure a few times, with every run shown.</summary>
static class LoopbackBenchmarks
{
    const int Runs = 7;
    const int Reads = 3_000_000;
    const int Chips = 50_000;
    const int BatchSize = 1000;
    const int Batches = 500;
    const int SinglePosts = 10_000;
    const string Key = "ror-0000000000000000000a";

    public static async Task<int> RunAsync()
    {
        IEnumerable<string> runs = Enumerable.Range(1, Runs).Select(i => $"run {i}");
        Console.WriteLine($"| measure | median | {string.Join(" | ", runs)} |");
        Console.WriteLine($"| --- | ---: |{string.Concat(Enumerable.Repeat(" ---: |", Runs))}");
        byte[] race = Samples.Ipico(Reads, Chips);
        ChipTable chips = ChipTable.Create(Enumerable.Range(0, Chips).Select(
            i => KeyValuePair.Create(ChipCode.FromText(Samples.Chip(i)), Samples.Bib(i))));
        await MeasureAsync(
            "socket → parse → gate → JSON → POST, ns a read",
            async () => await WholePathAsync(race, chips) * 1e9 / Reads);
        await MeasureAsync(
            "POST of 1,000-passing batches to a sink, passings/s",
            async () => Batches * BatchSize / await PostToSinkAsync());
        await MeasureAsync(
            "POST of 1,000-passing batches to VenueServer, passings/s",
            async () => Batches * BatchSize / await PostToVenueAsync());
        await MeasureAsync(
            "one POST a passing to the sink, HttpClient, passings/s",
            async () => SinglePosts / await PostEachAsync());
        return 0;
    }

    /// <summary>A first run warms up and is not shown.</summary>
    static async Task MeasureAsync(string name, Func<Task<double>> run)
    {
        await run();
        double[] results = new double[Runs];
        for (int i = 0; i < Runs; i++)
        {
            GC.Collect();
            results[i] = await run();
        }

        double median = results.Order().ElementAt(Runs / 2);
        Console.WriteLine($"| {name} | {median:N0} | {string.Join(" | ", results.Select(r => $"{r:N0}"))} |");
    }

    /// <summary>Seconds from the first byte sent to the last passing acknowledged.</summary>
    static async Task<double> WholePathAsync(byte[] race, ChipTable chips)
    {
        await using LoopbackSink sink = new();
        using HttpClient http = Http(sink.Address);
        IngestOptions options = new()
        {
            Settings = new IngestSettings
            {
                Locations = [new LocationSettings { Name = "FINISH" }],
                Readers = [new ReaderSettings { Name = "mat", Protocol = "ipico", Location = "FINISH" }],
                Chips = chips,
            },
            MaxBatchPassings = BatchSize,
        };
        await using IngestPipeline pipeline = new(options);
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using Socket reader = new(SocketType.Stream, ProtocolType.Tcp);
        await reader.ConnectAsync(listener.LocalEndpoint);
        using TcpClient connection = await listener.AcceptTcpClientAsync();
        PassingsUploader uploader = new(new RufusCloudClient(http, Key));
        uploader.AttachSession("FINISH", "token");

        long start = Stopwatch.GetTimestamp();
        Task upload = uploader.RunAsync(pipeline.Batches);
        Task send = Task.Run(() => SendAsync(reader, race));
        PipeReader pipe = PipeReader.Create(
            connection.GetStream(), new StreamPipeReaderOptions(bufferSize: 65_536, minimumReadSize: 4096));
        await pipeline.ReadAsync("mat", pipe);
        await send;
        await pipeline.CompleteAsync();
        await upload;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        IngestCounters counters = pipeline.GetCounters();
        if (counters.Reads != Reads || sink.Passings != counters.Locations[0].Passings || sink.Passings < Reads / 11)
            throw new InvalidDataException($"{counters.Reads} reads, {sink.Passings} passings at the sink.");
        return seconds;
    }

    static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (int at = 0; at < bytes.Length; at += 65_536)
            await socket.SendAsync(bytes.AsMemory(at, Math.Min(65_536, bytes.Length - at)));
        socket.Shutdown(SocketShutdown.Send);
    }

    static async Task<double> PostToSinkAsync()
    {
        await using LoopbackSink sink = new();
        using HttpClient http = Http(sink.Address);
        double seconds = await UploadAsync(new RufusCloudClient(http, Key), "token");
        return sink.Passings == Batches * BatchSize
            ? seconds
            : throw new InvalidDataException($"{sink.Passings} passings.");
    }

    static async Task<double> PostToVenueAsync()
    {
        VenueServerOptions options = new() { Keys = [new VenueKey("bench", Key, VenueAccess.ReadWrite)] };
        await using VenueServer venue = await VenueServer.StartAsync(options, CancellationToken.None);
        using HttpClient http = Http(venue.BaseAddress);
        RufusCloudClient cloud = new(http, Key);
        string token = await cloud.OpenSessionAsync(await cloud.BindDeviceAsync("bench", "1"));
        double seconds = await UploadAsync(cloud, token);
        CloudSession session = await cloud.GetSessionAsync(token);
        return session.Passings == Batches * BatchSize
            ? seconds
            : throw new InvalidDataException($"{session.Passings} passings.");
    }

    /// <summary>Batches are made beforehand; the time is that of the uploader alone.</summary>
    static async Task<double> UploadAsync(RufusCloudClient cloud, string token)
    {
        Channel<PassingBatch> channel = Channel.CreateUnbounded<PassingBatch>();
        foreach (PassingBatch batch in MakeBatches())
            channel.Writer.TryWrite(batch);
        channel.Writer.Complete();
        PassingsUploader uploader = new(cloud);
        uploader.AttachSession("FINISH", token);
        long start = Stopwatch.GetTimestamp();
        await uploader.RunAsync(channel.Reader);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static IEnumerable<PassingBatch> MakeBatches()
    {
        ObjectPool<PassingBatch> pool = PassingBatch.Policy.CreatePool(BatchSize, 1);
        Passing[] passings = Samples.Passings(BatchSize);
        for (int i = 0; i < Batches; i++)
        {
            PassingBatch batch = pool.Get();
            batch.Open("FINISH", 1, 0);
            for (int k = 0; k < BatchSize; k++)
            {
                passings[k].Number = (i * BatchSize) + k + 1;
                batch.Append(passings[k], Encoding.ASCII.GetBytes(Samples.Bib(k)));
            }

            yield return batch;
        }
    }

    static async Task<double> PostEachAsync()
    {
        await using LoopbackSink sink = new();
        using HttpClient http = Http(sink.Address);
        http.DefaultRequestHeaders.Add("x-api-key", Key);
        long start = Stopwatch.GetTimestamp();
        for (int i = 1; i <= SinglePosts; i++)
        {
            string time = Ordinary.Timestamp(Samples.Start.AddMilliseconds(i * 123L));
            string item = $$"""{"bib":"{{Samples.Bib(i)}}","num_passing":{{i}},"timestamp":"{{time}}"}""";
            using StringContent body = new(
                $$"""{"token_session":"token","passings_list":[{{item}}]}""", Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await http.PostAsync("passings", body);
            answer.EnsureSuccessStatusCode();
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return sink.Passings == SinglePosts ? seconds : throw new InvalidDataException($"{sink.Passings} passings.");
    }

    static HttpClient Http(Uri address) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = address };
}
