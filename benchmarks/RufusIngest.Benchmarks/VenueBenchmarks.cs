using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Npgsql;
using RufusIngest.Cloud;
using RufusIngest.Server;

namespace RufusIngest.Benchmarks;

/// <summary>
/// The venue server over loopback, its client in the same process: inserts in memory, durable in a file (on the disk of
/// the current folder), and in the PostgreSQL that RUFUS_TEST_POSTGRES names; and reads of a range.
/// </summary>
static class VenueBenchmarks
{
    const int Runs = 5;
    const int BatchSize = 1_000;
    const int Batches = 800;
    const int Connections = 8;
    const int SinglePosters = 64;
    const int SinglePosts = 20_000;
    const int RangeReads = 200;
    const int RangeSize = 5_000;
    const string Key = "ror-0000000000000000000a";

    /// <summary>Measures the store of this name; empty: all.</summary>
    public static async Task<int> RunAsync(string only)
    {
        Console.WriteLine($"{Batches:N0} batches of {BatchSize:N0} passings; file in {Environment.CurrentDirectory}");
        List<(string Name, VenueServerOptions Options)> stores =
            [("memory", new()), ("SQLite", new() { DataFile = Path.GetFullPath("bench.venue") })];
        if (Environment.GetEnvironmentVariable("RUFUS_TEST_POSTGRES") is { Length: > 0 } database)
            stores.Add(("PostgreSQL", new() { Postgres = database + ";Search Path=rufus_bench" }));
        foreach ((string name, VenueServerOptions options) in stores)
        {
            if (only.Length == 0 || only == name)
                await RunAsync(name, options);
        }

        return 0;
    }

    static async Task RunAsync(string store, VenueServerOptions options)
    {
        List<double> inserts = [];
        for (int run = 0; run <= Runs; run++)
        {
            await using Venue venue = await Venue.StartAsync(options);
            double rate = Batches * BatchSize / await venue.InsertAsync(Batches, BatchSize, Connections);
            if (run == 0)
                continue; // Warms up.
            inserts.Add(rate);
            if (run < Runs)
                continue;
            Show($"{store}: batches from {Connections} connections, passings/s", inserts);
            Show($"{store}: range of {RangeSize:N0} by number, ms", await venue.ReadRangesAsync(isByTime: false));
            Show($"{store}: range of {RangeSize:N0} by time, ms", await venue.ReadRangesAsync(isByTime: true));
            const int Alone = Batches / 4;
            Show(
                $"{store}: batches from 1 connection, passings/s",
                [Alone * BatchSize / await venue.InsertAsync(Alone, BatchSize, 1)]);
            Show(
                $"{store}: one POST a passing from {SinglePosters} connections, passings/s",
                [SinglePosts / await venue.InsertAsync(SinglePosts, 1, SinglePosters)]);
        }
    }

    static void Show(string name, List<double> values)
    {
        double[] sorted = [.. values.Order()];
        Console.WriteLine(
            $"| {name} | median {sorted[sorted.Length / 2]:N1} | {sorted[0]:N1} to {sorted[^1]:N1} |");
    }

    /// <summary>A server with a session of its own, on a new file or schema, or none.</summary>
    sealed class Venue(VenueServer server, HttpClient http, VenueServerOptions options, string device)
        : IAsyncDisposable
    {
        readonly byte[] _buffer = new byte[64 * 1024];
        string _token = "";

        public static async Task<Venue> StartAsync(VenueServerOptions options)
        {
            Remove(options);
            if (options.Postgres is { } database)
                Execute(database, "CREATE SCHEMA rufus_bench");
            VenueServer server = await VenueServer.StartAsync(
                options with { Keys = [new VenueKey("bench", Key, VenueAccess.ReadWrite)] }, CancellationToken.None);
            HttpClient http = RufusCloudClient.CreateHttpClient(server.BaseAddress);
            string device = await new RufusCloudClient(http, Key).BindDeviceAsync("bench", "1");
            http.DefaultRequestHeaders.Add("x-api-key", Key);
            return new(server, http, options, device);
        }

        /// <summary>Seconds for all requests; their bodies are made beforehand.</summary>
        public async Task<double> InsertAsync(int requests, int passings, int connections)
        {
            RufusCloudClient cloud = new(http, Key);
            _token = await cloud.OpenSessionAsync(device);
            byte[][] bodies = [.. Enumerable.Range(0, requests).Select(i => Body(i * passings, passings))];
            int next = -1;
            GC.Collect();
            long start = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
            {
                for (int i = Interlocked.Increment(ref next); i < requests; i = Interlocked.Increment(ref next))
                    await PostAsync(bodies[i]);
            })));
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            CloudSession session = await cloud.GetSessionAsync(_token);
            return session.Passings == requests * passings
                ? seconds
                : throw new InvalidDataException($"{session.Passings} passings.");
        }

        /// <summary>Milliseconds of each read of a range, in the session of the last insert.</summary>
        public async Task<List<double>> ReadRangesAsync(bool isByTime)
        {
            List<double> times = [];
            Random random = new(1);
            for (int i = 0; i < RangeReads; i++)
            {
                int first = random.Next(1, (Batches * BatchSize) - RangeSize);
                int last = first + RangeSize - 1;
                string path = isByTime
                    ? $"passings/device/{device}?from={Time(first)}&to={Time(last)}"
                    : $"passings/session/{_token}?first={first}&last={last}";
                long start = Stopwatch.GetTimestamp();
                long length = await ReadAsync(path);
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                if (length < RangeSize * 100)
                    throw new InvalidDataException($"{length} bytes.");
            }

            return times;
        }

        /// <summary>Reads an answer into the same buffer again and again: a new array of a megabyte each costs collections.</summary>
        async Task<long> ReadAsync(string path)
        {
            using HttpResponseMessage answer = await http.GetAsync(
                new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            await using Stream body = await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync();
            long length = 0;
            for (int read; (read = await body.ReadAsync(_buffer)) > 0; length += read)
            {
            }

            return length;
        }

        public async ValueTask DisposeAsync()
        {
            http.Dispose();
            await server.DisposeAsync();
            Remove(options);
        }

        async Task PostAsync(byte[] body)
        {
            using ByteArrayContent content = new(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage answer = await http.PostAsync(new Uri("passings", UriKind.Relative), content);
            if (answer.StatusCode != HttpStatusCode.Created)
                throw new InvalidDataException($"{answer.StatusCode}");
        }

        byte[] Body(int first, int count)
        {
            StringBuilder text = new($"{{\"token_session\":\"{_token}\",\"passings_list\":[");
            for (int i = first + 1; i <= first + count; i++)
            {
                string time = Time(i);
                text.Append($$"""{"bib":"{{Samples.Bib(i % 50_000)}}","chip":"{{Samples.Chip(i % 50_000)}}",""");
                text.Append($"\"num_passing\":{i},\"timestamp\":\"{time}\"}},");
            }

            text.Length--;
            return Encoding.UTF8.GetBytes(text.Append("]}").ToString());
        }

        static string Time(int number) => Ordinary.Timestamp(Samples.Start.AddMilliseconds(number * 7L));

        static void Remove(VenueServerOptions options)
        {
            if (options.Postgres is { } database)
                Execute(database, "DROP SCHEMA IF EXISTS rufus_bench CASCADE");
            if (options.DataFile is not { } file)
                return;
            foreach (string end in new[] { "", "-wal", "-shm", "-lock" })
                File.Delete(file + end);
        }

        static void Execute(string database, string sql)
        {
            using NpgsqlConnection connection = new(database);
            connection.Open();
            connection.Execute(sql);
        }
    }
}
