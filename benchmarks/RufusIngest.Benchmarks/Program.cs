using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using RufusIngest.Benchmarks;

Type[] types =
[
    typeof(ParseBenchmarks), typeof(FramingBenchmarks), typeof(LlrpBenchmarks), typeof(BinaryBenchmarks),
    typeof(GateBenchmarks), typeof(JsonBenchmarks), typeof(PathBenchmarks),
];
switch (args)
{
    case ["gate"]:
        return AllocationGate.Run(types);
    case ["gate", "--prove"]:
        return AllocationGate.Run([typeof(AllocatingRow)]);
    case ["loopback"]:
        return await LoopbackBenchmarks.RunAsync();
    case ["venue"]:
        return await VenueBenchmarks.RunAsync("");
    case ["venue", string store]:
        return await VenueBenchmarks.RunAsync(store);
    case ["journal"]:
        return await JournalBenchmarks.RunAsync();
    case ["errors"]:
        return BurstErrors.Run();
    default:
        Summary[] summaries = [.. BenchmarkSwitcher.FromTypes(types).Run(args)];
        bool good = summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success));
        return summaries.Length > 0 && good ? 0 : 1;
}
