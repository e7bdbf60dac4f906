using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Server;

public sealed class ApiKeysOnSqliteTests : ApiKeysTests, ISqliteVenueTests;

public sealed class CompanyOnSqliteTests : CompanyTests, ISqliteVenueTests;

public sealed class CompressedBodyOnSqliteTests : CompressedBodyTests, ISqliteVenueTests;

public sealed class DeviceOperationsOnSqliteTests : DeviceOperationsTests, ISqliteVenueTests;

public sealed class DevicePassingsOnSqliteTests : DevicePassingsTests, ISqliteVenueTests;

public sealed class InsertPassingsOnSqliteTests : InsertPassingsTests, ISqliteVenueTests;

public sealed class RawRequestsOnSqliteTests : RawRequestsTests, ISqliteVenueTests;

public sealed class OpenApiOnSqliteTests : OpenApiTests, ISqliteVenueTests;

public sealed class RateLimitOnSqliteTests : RateLimitTests, ISqliteVenueTests;

public sealed class ReadPassingsOnSqliteTests : ReadPassingsTests, ISqliteVenueTests;

public sealed class RequestSamplesOnSqliteTests : RequestSamplesTests, ISqliteVenueTests;

public sealed class SessionOperationsOnSqliteTests : SessionOperationsTests, ISqliteVenueTests;

public sealed class VenueProfileOnSqliteTests : VenueProfileTests, ISqliteVenueTests;

public sealed class VenueServerOnSqliteTests : VenueServerTests, ISqliteVenueTests;

public sealed class PageOnSqliteTests : PageTests, ISqliteVenueTests;
